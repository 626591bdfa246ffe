//! Shaping and encoding a batch's documents, whatever they are.

use crate::batch::Batch;
use crate::document::StoredDocument;
use crate::encode::encode_parts;
use crate::normalize::NormalizeError;
use crate::plan::PlannedPart;
use crate::settings::SettingsInForce;
use sluice_normalizer::{BatchId, Registry, Shaped, Shaper, TableSettings, WholeReject};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What of a batch is not shaped.
pub(crate) struct Aside {
    /// False: nothing of it is, its table is one too many.
    pub(crate) admitted: bool,
    /// Ids of documents.
    pub(crate) isolated: BTreeSet<String>,
}

impl Aside {
    fn reject(&self, document: &StoredDocument) -> Option<WholeReject> {
        let head = &document.head;
        if let Some(fault) = &head.fault {
            return Some(fault.reject());
        }
        if !self.admitted {
            return Some(WholeReject::TooManyTables);
        }
        let isolated = self.isolated.contains(head.id.as_str());
        isolated.then_some(WholeReject::Poisoned)
    }
}

/// What holds for the batch's table. Settings declare nothing of a table that is not there.
pub(crate) fn rules(settings: &SettingsInForce, batch: &Batch, admitted: bool) -> TableSettings {
    if admitted { settings.settings().table(&batch.table) } else { TableSettings::default() }
}

/// None when shaping panicked.
pub(crate) fn shape(
    base: &Registry,
    rules: &TableSettings,
    documents: &[StoredDocument],
    aside: &Aside,
) -> Option<Shaped> {
    let shape = || {
        let mut shaper = Shaper::new(base, rules);
        for document in documents {
            match aside.reject(document) {
                Some(why) => shaper.refused(&document.as_document(), &why),
                None => shaper.document(&document.as_document()),
            }
        }
        shaper.finish()
    };
    // Nothing of the shaper outlives a panic.
    catch_unwind(AssertUnwindSafe(shape)).ok()
}

pub(crate) fn encode(
    shaped: &Shaped,
    batch: &BatchId,
) -> Result<(Vec<PlannedPart>, Vec<Vec<u8>>), NormalizeError> {
    let encoded = catch_unwind(AssertUnwindSafe(|| encode_parts(shaped, batch)));
    let panicked = |_| NormalizeError::Panicked { batch: batch.to_string() };
    Ok(encoded.map_err(panicked)??)
}

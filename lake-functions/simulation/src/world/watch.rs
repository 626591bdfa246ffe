//! What is watched while a run goes on: bounds, and what an observer is told.

use super::State;
use super::ledger::{BatchRow, DocumentKey};
use sluice_normalizer::limits::BATCH_BYTES_MAX;
use sluice_normalizer::{DocumentId, REJECTS_TABLE, unpacked_bytes};
use sluice_pipeline::limits::BATCH_DOCUMENTS_MAX;
use sluice_pipeline::{Batch, BatchMessage, Plan};
use std::collections::BTreeSet;

impl State {
    pub(crate) fn plan(&self, batch: &str) -> Option<&Plan> {
        self.ledger.batches.values().find(|row| row.is(batch))?.plan.as_ref()
    }

    pub(crate) fn check_batch(&mut self, batch: &Batch) {
        let piece = |whole: &BatchRow| {
            let (all, some) = (&whole.batch.documents, &batch.documents);
            all.len() > some.len() && all.windows(some.len()).any(|part| part == some)
        };
        if batch.documents.len() > 1 && self.ledger.open().any(piece) {
            self.came_up("piece of a batch");
        }
        if batch.documents.len() > BATCH_DOCUMENTS_MAX {
            self.violated("I-7", format!("batch {} has too many documents", batch.id));
        }
    }

    /// Whoever is done with a batch that was committed in a generation which another one had taken the
    /// place of has seen to it that its documents are in that one, or a later one.
    pub(crate) fn check_deleted(&mut self, message: &BatchMessage) {
        let Some(row) = self.ledger.batches.get(&message.batch) else { return };
        let late = row.parts.is_some() && row.batch.generation < row.committed_in;
        if !late {
            return;
        }
        let others = self.ledger.batches.values().map(|other| &other.batch);
        let others = others
            .filter(|other| other.table == row.batch.table && other.generation >= row.committed_in);
        let there: BTreeSet<&DocumentId> = others.flat_map(|other| &other.documents).collect();
        let behind = row.batch.documents.iter().find(|id| !there.contains(id)).cloned();
        if let Some(id) = behind {
            self.violated("I-1", format!("document {id} stays behind in an old generation"));
        }
    }

    /// What a rebuild makes never holds up what people just posted.
    pub(crate) fn check_lane(&mut self, message: &BatchMessage, lane: Option<u32>) {
        let Some(row) = self.ledger.batches.get(&message.batch) else { return };
        let generation = row.batch.generation;
        if generation > self.generations.current(&row.batch.table) && lane != Some(generation) {
            self.violated("D4", format!("batch {} is sent among the live ones", message.batch));
        }
    }

    /// Nothing is shaped in one go that is larger than a batch may be.
    pub(crate) fn check_plan(&mut self, plan: &Plan) {
        let size = |id: &String| {
            let document = self.bucket.get(&DocumentId::parse(id).ok()?)?;
            Some(unpacked_bytes(document.head.encoding, &document.body))
        };
        let bytes: u64 = plan.documents.iter().filter_map(size).sum();
        if bytes > BATCH_BYTES_MAX as u64 && plan.documents.len() > 1 {
            self.violated("I-7", format!("batch {} unpacks to {bytes} bytes", plan.batch));
        }
    }

    /// Somebody asks where a document is, and somebody else runs a query.
    pub(crate) fn observe(&mut self) {
        let documents: Vec<DocumentKey> = self.ledger.claims.keys().cloned().collect();
        if !documents.is_empty() {
            let key = self.random.pick_ref(&documents).clone();
            self.ask(&key);
        }
        self.query();
    }

    /// A document's state never goes back.
    pub(crate) fn ask(&mut self, key: &DocumentKey) {
        let told = self.ledger.document(key);
        let before = self.ledger.told.get(key);
        let same = match (before, &told) {
            (None, _) => true,
            (Some(before), Some(now)) => {
                before.batch == now.batch
                    && (before.outcome.is_none() || before.outcome == now.outcome)
            }
            (Some(_), None) => false,
        };
        if !same {
            self.violated("2.1", format!("the state of document {} went back", key.2));
        }
        if let Some(told) = told {
            self.ledger.told.insert(key.clone(), told);
        }
    }

    /// Whoever reads finds the parts of what is committed, and knows every column of every part that
    /// is there (D7).
    fn query(&mut self) {
        let rows = self.ledger.batches.values();
        let mut found = None;
        for row in rows {
            let Some(plan) = &row.plan else { continue };
            let key = (row.batch.table.clone(), row.batch.generation);
            let visible = |key: &String| self.lake.parts.contains_key(key);
            let shown = self.lake.shown.get(&key).copied();
            let any = plan.parts.iter().any(|part| visible(&part.key));
            if any && plan.admitted && shown.is_none_or(|shown| shown < plan.version) {
                found = Some(("D7", format!("a part of batch {} is not shown", plan.batch)));
            }
            // Rejects that nobody may see any more are removed.
            let current = self.generations.current(&row.batch.table) == row.batch.generation;
            let parts = row.parts.iter().flatten();
            let parts = parts.filter(|part| current || part.table != REJECTS_TABLE);
            if let Some(part) = { parts }.find(|part| !visible(&part.key)) {
                found = Some(("D5", format!("{} is committed and not there", part.key)));
            }
        }
        if let Some((invariant, what)) = found {
            self.violated(invariant, what);
        }
    }
}

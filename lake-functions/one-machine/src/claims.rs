//! Which batch holds which document: every plan claims its documents, forever (D5).

use crate::content_hash::ContentHash;
use crate::lake_folder::{LakeError, LakeFolder};
use crate::plan::Plan;
use sluice_normalizer::{DocumentId, TableName};
use std::collections::{BTreeMap, HashMap};

/// The claims of one table's generation, as the plans in the lake say, and those of this run.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    claims: HashMap<DocumentKey, Claim>,
    pub(crate) plans: Vec<KnownPlan>,
}

/// Stands for a document's id in memory: a lake of small documents has millions of claims.
type DocumentKey = [u8; 16];

fn document_key(id: &str) -> DocumentKey {
    let mut key = [0; 16];
    key.copy_from_slice(&ContentHash::blake3(id.as_bytes()).as_bytes()[..16]);
    key
}

/// Who holds a document, and what it looked like then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) holder: Holder,
    pub(crate) blake3: ContentHash,
    pub(crate) bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A batch that this run formed.
    ThisRun,
    /// The plan at `plan` in [`Claims::plans`], at `position` among its documents.
    Plan { plan: usize, position: usize },
}

/// What a run needs to remember of a plan.
#[derive(Debug)]
pub(crate) struct KnownPlan {
    pub(crate) batch: String,
    /// Rejects by code.
    pub(crate) rejects: BTreeMap<String, u64>,
    /// The plan itself while parts of it are missing.
    pub(crate) unfinished: Option<Plan>,
}

impl Claims {
    /// Reads the plans of the table's generation and looks which of their parts exist.
    pub(crate) fn load(
        lake: &LakeFolder,
        table: &TableName,
        generation: u32,
    ) -> Result<Self, LakeError> {
        let mut claims = Claims::default();
        lake.plans(table, generation, &mut |plan| {
            let complete = is_complete(lake, &plan)?;
            claims.add(plan, complete);
            Ok(())
        })?;
        Ok(claims)
    }

    pub(crate) fn of(&self, document: &DocumentId) -> Option<Claim> {
        self.claims.get(&document_key(document.as_str())).copied()
    }

    /// Remembers a document of a batch that this run formed.
    pub(crate) fn claim(&mut self, document: &DocumentId, blake3: ContentHash, bytes: u64) {
        let claim = Claim { holder: Holder::ThisRun, blake3, bytes };
        self.claims.insert(document_key(document.as_str()), claim);
    }

    fn add(&mut self, plan: Plan, complete: bool) {
        let index = self.plans.len();
        for (position, document) in plan.documents.iter().enumerate() {
            let holder = Holder::Plan { plan: index, position };
            let claim = Claim { holder, blake3: document.blake3, bytes: document.bytes };
            self.claims.insert(document_key(&document.id), claim);
        }
        self.plans.push(KnownPlan {
            batch: plan.batch.clone(),
            rejects: plan.report.rejects.clone(),
            unfinished: (!complete).then_some(plan),
        });
    }
}

fn is_complete(lake: &LakeFolder, plan: &Plan) -> Result<bool, LakeError> {
    for part in &plan.parts {
        if lake.part_bytes(&part.key)? != Some(part.bytes) {
            return Ok(false);
        }
    }
    Ok(true)
}

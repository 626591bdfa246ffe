//! The ledger's tables.

use sluice_normalizer::{BatchId, DocumentId, DocumentOutcome, TableName};
use sluice_pipeline::{Batch, DocumentRecord, Plan, PlannedPart, Trial};
use std::collections::{BTreeMap, BTreeSet};

/// A document within a generation of its table.
pub(crate) type DocumentKey = (TableName, u32, DocumentId);

#[derive(Debug, Default)]
pub(crate) struct LedgerTables {
    pub(crate) tables: BTreeSet<TableName>,
    pub(crate) batches: BTreeMap<BatchId, BatchRow>,
    pub(crate) claims: BTreeMap<DocumentKey, BatchId>,
    pub(crate) outcomes: BTreeMap<DocumentKey, DocumentOutcome>,
    /// What somebody was told of a document, to see whether it goes back.
    pub(crate) told: BTreeMap<DocumentKey, DocumentRecord>,
}

#[derive(Debug)]
pub(crate) struct BatchRow {
    pub(crate) batch: Batch,
    pub(crate) made_at_ms: i64,
    pub(crate) trial: Option<Trial>,
    pub(crate) plan: Option<Plan>,
    /// Once it is committed.
    pub(crate) parts: Option<Vec<PlannedPart>>,
    /// The table's current generation at that moment.
    pub(crate) committed_in: u32,
}

impl BatchRow {
    pub(crate) fn new(batch: Batch, made_at_ms: i64) -> Self {
        BatchRow { batch, made_at_ms, trial: None, plan: None, parts: None, committed_in: 0 }
    }
}

impl LedgerTables {
    /// What the contract's GET answers from.
    pub(crate) fn document(&self, key: &DocumentKey) -> Option<DocumentRecord> {
        let batch = self.claims.get(key)?.clone();
        let committed = self.batches.get(&batch).is_some_and(|row| row.parts.is_some());
        let outcome = self.outcomes.get(key).filter(|_| committed).cloned();
        Some(DocumentRecord { batch, outcome })
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = &BatchRow> {
        self.batches.values().filter(|row| row.parts.is_none())
    }
}

impl BatchRow {
    pub(crate) fn is(&self, id: &str) -> bool {
        self.batch.id.as_str() == id
    }
}

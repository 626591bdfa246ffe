//! Where one document is.

use sluice_normalizer::{BatchId, DocumentOutcome};

/// What the ledger knows of a claimed document, within one generation of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRecord {
    /// The batch that holds it, for good.
    pub batch: BatchId,
    /// None until its batch is committed.
    pub outcome: Option<DocumentOutcome>,
}

/// Where a document is; later ones never go back to earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentState {
    /// Durable, in no batch yet.
    Received,
    /// In a batch that is not committed yet.
    Batched,
    /// Every record is a row.
    Normalized,
    /// Some records are rows, some rejects.
    PartlyRejected,
    /// No record is a row.
    Rejected,
}

impl DocumentState {
    /// The state that an outcome amounts to.
    #[must_use]
    pub fn of(outcome: &DocumentOutcome) -> Self {
        match (outcome.rows, outcome.rejects) {
            (_, 0) => DocumentState::Normalized,
            (0, _) => DocumentState::Rejected,
            _ => DocumentState::PartlyRejected,
        }
    }

    /// As the contract spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            DocumentState::Received => "received",
            DocumentState::Batched => "batched",
            DocumentState::Normalized => "normalized",
            DocumentState::PartlyRejected => "partly_rejected",
            DocumentState::Rejected => "rejected",
        }
    }
}

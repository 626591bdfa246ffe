//! Batches: which documents are normalized together.

use sluice_normalizer::{BatchId, DocumentId, TableName};

/// The members of a batch, fixed when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Derived from the rest: the same documents always make the same batch.
    pub id: BatchId,
    /// The root table.
    pub table: TableName,
    /// The table's generation that the rows go to.
    pub generation: u32,
    /// In the order they will be shaped; all of one UTC receive date.
    pub documents: Vec<DocumentId>,
}

impl Batch {
    /// The batch of these documents.
    #[must_use]
    pub fn new(table: TableName, generation: u32, documents: Vec<DocumentId>) -> Self {
        let id = BatchId::derive(&table, generation, documents.iter());
        Batch { id, table, generation, documents }
    }
}

/// What the queue carries: which batch to normalize, never its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchMessage {
    /// The table: the queue hands out one message of a table at a time.
    pub table: TableName,
    /// The batch.
    pub batch: BatchId,
    /// 0 when first sent; each redrive counts one up, so that a queue which drops repeated messages
    /// does not drop it.
    pub send: u32,
}

//! The batches that the ledger has not seen the end of.

use super::PortError;
use sluice_normalizer::{BatchId, TableName};

/// A batch that is not committed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenBatch {
    /// Its root table.
    pub table: TableName,
    /// The table's generation that its rows go to.
    pub generation: u32,
    /// The batch.
    pub id: BatchId,
}

/// Some of the batches that are not committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenPage {
    /// The batches, in no order.
    pub batches: Vec<OpenBatch>,
    /// Where to go on, none after the last page. Means something to the ledger only.
    pub next: Option<String>,
}

/// Lists batches that are not committed. Apart from [`crate::Ledger`]: only the sweep asks.
pub trait OpenBatches {
    /// A page of the batches that were made before `made_before_ms` (milliseconds since 1970 UTC) and
    /// are not committed. `from`: [`OpenPage::next`] of the page before, none for the first.
    ///
    /// # Errors
    /// [`PortError`].
    fn open_batches(
        &self,
        made_before_ms: i64,
        from: Option<&str>,
    ) -> impl Future<Output = Result<OpenPage, PortError>> + Send;
}

//! Whether documents were dispatched at all, by their ids alone.

use super::DynamoLedger;
use super::fault::Fault;
use super::item::{PARTITION_KEY, document_partition, text};
use super::limits::DOCUMENT_READS_AT_ONCE;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_normalizer::DocumentId;
use sluice_pipeline::PortError;

impl DynamoLedger {
    /// Whether each document is claimed, in whatever table and generation, in the order of `ids`. One
    /// read a document, many at the same time.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn claimed(&self, ids: &[DocumentId]) -> Result<Vec<bool>, PortError> {
        let mut reads = Vec::with_capacity(ids.len());
        for id in ids {
            reads.push(self.is_claimed(id));
        }
        let claimed = stream::iter(reads).buffered(DOCUMENT_READS_AT_ONCE).try_collect().await;
        claimed.map_err(|fault| self.failed(fault, "look up claims"))
    }

    /// Consistent: who is told that there is no claim sends the document.
    async fn is_claimed(&self, id: &DocumentId) -> Result<bool, Fault> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .limit(1)
            .projection_expression(PARTITION_KEY)
            .key_condition_expression("pk = :document")
            .expression_attribute_values(":document", text(document_partition(id)));
        Ok(query.send().await?.count() > 0)
    }
}

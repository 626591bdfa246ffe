//! Whether documents were dispatched, by their ids alone.

use super::DynamoLedger;
use super::batches::table_of;
use super::fault::Fault;
use super::item::{document_partition, number_of, text};
use super::limits::DOCUMENT_READS_AT_ONCE;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_normalizer::{DocumentId, TableName};
use sluice_pipeline::PortError;
use std::collections::BTreeMap;

impl DynamoLedger {
    /// Whether each document is claimed, in the current generation of its table or one that is being
    /// made, in the order of `ids`. One read a document, many at the same time, and one a table.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn claimed(&self, ids: &[DocumentId]) -> Result<Vec<bool>, PortError> {
        let claimed = self.all_claimed(ids).await;
        claimed.map_err(|fault| self.failed(fault, "look up claims"))
    }

    async fn all_claimed(&self, ids: &[DocumentId]) -> Result<Vec<bool>, Fault> {
        let mut reads = Vec::with_capacity(ids.len());
        for id in ids {
            reads.push(self.newest_claim(id));
        }
        let newest: Vec<_> =
            stream::iter(reads).buffered(DOCUMENT_READS_AT_ONCE).try_collect().await?;
        let mut generations = BTreeMap::new();
        for (table, _) in newest.iter().flatten() {
            if !generations.contains_key(table) {
                generations.insert(table, self.current_generation(table).await?);
            }
        }
        let is_current = |(table, generation): &(TableName, u32)| *generation >= generations[table];
        Ok(newest.iter().map(|claim| claim.as_ref().is_some_and(is_current)).collect())
    }

    /// The table and the last generation in which a document is claimed. Consistent: who is told that
    /// there is no claim sends the document.
    async fn newest_claim(&self, id: &DocumentId) -> Result<Option<(TableName, u32)>, Fault> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            // By table and generation; a document has one table.
            .scan_index_forward(false)
            .limit(1)
            .projection_expression("#table, generation")
            .expression_attribute_names("#table", "table")
            .key_condition_expression("pk = :document")
            .expression_attribute_values(":document", text(document_partition(id)));
        let Some(item) = query.send().await?.items.unwrap_or_default().pop() else {
            return Ok(None);
        };
        Ok(Some((table_of(&item)?, number_of(&item, "generation")?)))
    }
}

//! Where documents are.

use super::document_row::head;
use super::handle::Store;
use super::keys::{DocumentKey, Seq};
use super::outcomes;
use sluice_normalizer::{BatchId, DocumentId, DocumentOutcome};
use sluice_pipeline::{DocumentHead, PortError};

/// Where a document is, within the current generation of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentPlace {
    /// What is known of it.
    pub head: DocumentHead,
    /// The batch that claimed it.
    pub batch: Option<BatchId>,
    /// When that batch was committed, milliseconds since 1970 UTC.
    pub committed_at_ms: Option<i64>,
    /// What became of it, once its batch is committed.
    pub outcome: Option<DocumentOutcome>,
}

impl Store {
    /// Where a document is; none when there is none with this id.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn document_view(&self, id: &DocumentId) -> Result<Option<DocumentPlace>, PortError> {
        let (what, key) = (format!("look up document {id}"), DocumentKey::of(id));
        let batches = self.batches().clone();
        self.read(what, move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT documents.id, tables.name, received_at_ms, principal, form, encoding, bytes,
                    documents.seq, tables.id, tables.generation
                FROM documents JOIN tables ON tables.id = documents.table_id
                WHERE documents.id = ?1",
            )?;
            let mut rows = statement.query([key])?;
            let Some(row) = rows.next()? else {
                return Ok(None);
            };
            let place = (row.get(8)?, row.get(9)?, Seq(row.get(7)?));
            let head = head(row, 0)?;
            let found = outcomes::at(connection, &batches, place)?;
            let (record, committed_at_ms) = match found {
                Some((record, committed_at_ms)) => (Some(record), committed_at_ms),
                None => (None, None),
            };
            let (batch, outcome) = match record {
                Some(record) => (Some(record.batch), record.outcome),
                None => (None, None),
            };
            Ok(Some(DocumentPlace { head, batch, committed_at_ms, outcome }))
        })
        .await
    }
}

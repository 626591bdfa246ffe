//! What waits: documents that are in no batch, batches that are not committed.

use super::batch_ids::table_name;
use super::document_row::head;
use super::fault::Fault;
use super::handle::Store;
use super::keys::Seq;
use super::numbers::count;
use rusqlite::Connection;
use sluice_normalizer::{BatchId, TableName};
use sluice_pipeline::{DocumentHead, PortError};

/// What is not seen by readers yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Documents that are in no committed batch. One that a crash put into two open batches counts
    /// twice until they are committed.
    pub documents: u64,
    /// Batches of current generations that are not committed.
    pub batches: u64,
    /// When the oldest of the documents was received, milliseconds since 1970 UTC.
    pub oldest_received_at_ms: Option<i64>,
}

impl Store {
    /// Documents that are in no batch, in the order they became durable: at most `documents_max`,
    /// and together at most `bytes_max` of bodies, but at least one.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn undispatched(
        &self,
        documents_max: usize,
        bytes_max: u64,
    ) -> Result<Vec<(Seq, DocumentHead)>, PortError> {
        self.read("look for new documents".to_owned(), move |connection| {
            undispatched(connection, documents_max, bytes_max)
        })
        .await
    }

    /// All documents up to and including `seq` are in batches that were sent.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn dispatched_up_to(&self, seq: Seq) -> Result<(), PortError> {
        self.write(format!("dispatch up to document {}", seq.0), move |transaction| {
            let sql = "UPDATE watermark SET dispatched_seq = MAX(dispatched_seq, ?1)";
            transaction.connection.prepare_cached(sql)?.execute([seq.0])?;
            Ok(())
        })
        .await
    }

    /// Batches of current generations that are not committed and have no message in the queue,
    /// oldest first: a crash came between the two.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn uncommitted_batches(&self) -> Result<Vec<(TableName, BatchId)>, PortError> {
        let batches = self.batches().clone();
        self.read("look for batches without a message".to_owned(), move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT tables.name, batches.id
                FROM batches JOIN tables ON tables.id = batches.table_id
                    AND tables.generation = batches.generation
                WHERE committed_at_ms IS NULL
                    AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.batch = batches.id)
                ORDER BY number",
            )?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (name, id): (String, String) = (row.get(0)?, row.get(1)?);
                found.push((table_name(&name)?, batches.id(connection, &id)?));
            }
            Ok(found)
        })
        .await
    }

    /// How much waits. Costs as much as there is waiting, not as there is stored.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn waiting(&self) -> Result<Waiting, PortError> {
        self.read("look how much waits".to_owned(), waiting).await
    }
}

fn undispatched(
    connection: &Connection,
    documents_max: usize,
    bytes_max: u64,
) -> Result<Vec<(Seq, DocumentHead)>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, documents.id, tables.name, received_at_ms, principal, form, encoding, bytes
        FROM documents JOIN tables ON tables.id = documents.table_id
        WHERE seq > (SELECT dispatched_seq FROM watermark) ORDER BY seq LIMIT ?1",
    )?;
    let mut rows = statement.query([i64::try_from(documents_max).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    let mut bytes = 0_u64;
    while let Some(row) = rows.next()? {
        let head = head(row, 1)?;
        bytes = bytes.saturating_add(head.bytes);
        if bytes > bytes_max && !found.is_empty() {
            break;
        }
        found.push((Seq(row.get(0)?), head));
    }
    Ok(found)
}

fn waiting(connection: &Connection) -> Result<Waiting, Fault> {
    let new = "SELECT COUNT(*), MIN(received_at_ms) FROM documents
        WHERE seq > (SELECT dispatched_seq FROM watermark)";
    let (new, new_since): (i64, Option<i64>) =
        connection.prepare_cached(new)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let open = "SELECT COUNT(*), COALESCE(SUM(documents), 0), MIN(oldest_received_at_ms)
        FROM batches JOIN tables
            ON tables.id = batches.table_id AND tables.generation = batches.generation
        WHERE committed_at_ms IS NULL";
    let (batches, batched, batched_since): (i64, i64, Option<i64>) = connection
        .prepare_cached(open)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Waiting {
        documents: count::<u64>("documents", new)? + count::<u64>("batches.documents", batched)?,
        batches: count("batches", batches)?,
        oldest_received_at_ms: new_since.into_iter().chain(batched_since).min(),
    })
}

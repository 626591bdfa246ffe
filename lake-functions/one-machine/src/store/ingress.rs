//! The ingress store: documents as accepted.

use super::document_row::{encoding_code, form_code, head};
use super::fault::Fault;
use super::handle::Store;
use super::jobs::Weight;
use super::keys::DocumentKey;
use super::numbers::stored;
use super::transaction::Transaction;
use rusqlite::{Connection, params};
use sluice_normalizer::DocumentId;
use sluice_pipeline::{IngressStore, PortError, Put, StoredDocument};

impl IngressStore for Store {
    /// A put that finds too much waiting is refused at once, with the cause [`super::Busy`].
    async fn put(&self, document: StoredDocument) -> Result<Put, PortError> {
        let what = format!("put document {}", document.head.id);
        let weight = Weight::Counted { bytes: document.body.len() };
        self.write_weighing(weight, what, move |transaction| put(transaction, &document)).await
    }

    async fn get(&self, id: &DocumentId) -> Result<Option<StoredDocument>, PortError> {
        let key = DocumentKey::of(id);
        self.read(format!("get document {id}"), move |connection| get(connection, &key)).await
    }

    async fn get_all(&self, ids: &[DocumentId]) -> Result<Vec<Option<StoredDocument>>, PortError> {
        let keys: Vec<DocumentKey> = ids.iter().map(DocumentKey::of).collect();
        self.read(format!("get {} documents", ids.len()), move |connection| {
            keys.iter().map(|key| get(connection, key)).collect()
        })
        .await
    }
}

fn put(transaction: &Transaction<'_>, document: &StoredDocument) -> Result<Put, Fault> {
    let new = &document.head;
    let key = DocumentKey::of(&new.id);
    let table = transaction.table(&new.table)?;
    let inserted = transaction
        .connection
        .prepare_cached(
            "INSERT INTO documents
                (id, table_id, received_at_ms, principal, form, encoding, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            key,
            table,
            new.received_at_ms,
            new.principal,
            form_code(new.form),
            encoding_code(new.encoding),
            stored(new.bytes),
        ])?;
    if inserted == 0 {
        return Ok(Put::Taken(head_of(transaction.connection, &key)?));
    }
    let seq = transaction.connection.last_insert_rowid();
    transaction
        .connection
        .prepare_cached("INSERT INTO bodies (seq, body) VALUES (?1, ?2)")?
        .execute(params![seq, document.body])?;
    Ok(Put::Stored)
}

fn head_of(
    connection: &Connection,
    key: &DocumentKey,
) -> Result<sluice_pipeline::DocumentHead, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT documents.id, tables.name, received_at_ms, principal, form, encoding, bytes
        FROM documents JOIN tables ON tables.id = documents.table_id WHERE documents.id = ?1",
    )?;
    let mut rows = statement.query([key])?;
    match rows.next()? {
        Some(row) => head(row, 0),
        None => Err(rusqlite::Error::QueryReturnedNoRows.into()),
    }
}

fn get(connection: &Connection, key: &DocumentKey) -> Result<Option<StoredDocument>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT documents.id, tables.name, received_at_ms, principal, form, encoding, bytes, body
        FROM documents
        JOIN tables ON tables.id = documents.table_id
        JOIN bodies ON bodies.seq = documents.seq
        WHERE documents.id = ?1",
    )?;
    let mut rows = statement.query([key])?;
    match rows.next()? {
        Some(row) => Ok(Some(StoredDocument { head: head(row, 0)?, body: row.get(7)? })),
        None => Ok(None),
    }
}

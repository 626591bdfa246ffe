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
use sluice_pipeline::{DocumentHead, IngressStore, PortError, Put, StoredDocument};

/// What became of a put that may not make any number of tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutWithin {
    /// What becomes of any put.
    Put(Put),
    /// The table would be one too many; the document was not kept.
    TooManyTables,
}

impl Store {
    /// [`IngressStore::put`], of a table that is there, or is not and fewer than `tables_max` are.
    ///
    /// # Errors
    /// [`PortError`], as of that.
    pub async fn put_within(
        &self,
        document: StoredDocument,
        tables_max: u32,
    ) -> Result<PutWithin, PortError> {
        let what = format!("put document {}", document.head.id);
        let weight = Weight::Counted { bytes: document.body.len() };
        self.write_weighing(weight, what, move |transaction| {
            put(transaction, &document, tables_max)
        })
        .await
    }
}

impl IngressStore for Store {
    /// A put that finds too much waiting is refused at once, with the cause [`super::Busy`].
    async fn put(&self, document: StoredDocument) -> Result<Put, PortError> {
        match self.put_within(document, u32::MAX).await? {
            PutWithin::Put(put) => Ok(put),
            PutWithin::TooManyTables => unreachable!("there are fewer than 2^32 tables"),
        }
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

fn put(
    transaction: &Transaction<'_>,
    document: &StoredDocument,
    tables_max: u32,
) -> Result<PutWithin, Fault> {
    let new = &document.head;
    let key = DocumentKey::of(&new.id);
    let table = match transaction.known_table(&new.table)? {
        Some(table) => table,
        // A put that keeps nothing makes no table either.
        None => match head_of(transaction.connection, &key)? {
            Some(first) => return Ok(PutWithin::Put(Put::Taken(first))),
            None => match transaction.table_within(&new.table, tables_max)? {
                Some(table) => table,
                None => return Ok(PutWithin::TooManyTables),
            },
        },
    };
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
        let first = head_of(transaction.connection, &key)?;
        let first = first.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        return Ok(PutWithin::Put(Put::Taken(first)));
    }
    let seq = transaction.connection.last_insert_rowid();
    transaction
        .connection
        .prepare_cached("INSERT INTO bodies (seq, body) VALUES (?1, ?2)")?
        .execute(params![seq, document.body])?;
    Ok(PutWithin::Put(Put::Stored))
}

fn head_of(connection: &Connection, key: &DocumentKey) -> Result<Option<DocumentHead>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT documents.id, tables.name, received_at_ms, principal, form, encoding, bytes
        FROM documents JOIN tables ON tables.id = documents.table_id WHERE documents.id = ?1",
    )?;
    let mut rows = statement.query([key])?;
    match rows.next()? {
        Some(row) => head(row, 0).map(Some),
        None => Ok(None),
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

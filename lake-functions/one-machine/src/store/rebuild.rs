//! What a rebuild asks of the store: documents to replay, a generation to replay them into, and
//! what is left of generations that are not seen.

use super::document_row::head;
use super::fault::Fault;
use super::handle::Store;
use super::keys::Seq;
use super::numbers::count;
use super::transaction::table_id;
use rusqlite::{Connection, OptionalExtension, params};
use sluice_normalizer::TableName;
use sluice_pipeline::{DocumentHead, PortError};

/// How much there is to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayable {
    /// Documents in batches of the current generation whose bodies are there.
    pub documents: u64,
    /// Documents whose bodies were removed, received on or after the first day that has parts: a
    /// rebuild would lose their rows.
    pub removed: u64,
}

impl Store {
    /// How much of a table there is to replay.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn replayable(&self, table: &TableName) -> Result<Replayable, PortError> {
        let (what, table) = (format!("count the documents of {table}"), table.clone());
        self.read(what, move |connection| match table_id(connection, &table)? {
            None => Ok(Replayable { documents: 0, removed: 0 }),
            Some(table) => replayable(connection, table),
        })
        .await
    }

    /// Documents of a table after `after` that are in batches and have a body, at most
    /// `documents_max`, in the order they became durable.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn documents_to_replay(
        &self,
        table: &TableName,
        after: Seq,
        documents_max: usize,
    ) -> Result<Vec<(Seq, DocumentHead)>, PortError> {
        let (what, table) = (format!("list the documents of {table}"), table.clone());
        self.read(what, move |connection| {
            let Some(id) = table_id(connection, &table)? else {
                return Ok(Vec::new());
            };
            let mut statement = connection.prepare_cached(
                "SELECT seq, documents.id, tables.name, received_at_ms, principal, form, encoding,
                    bytes
                FROM documents JOIN tables ON tables.id = documents.table_id
                WHERE seq > ?1 AND documents.table_id = ?2
                    AND seq <= (SELECT dispatched_seq FROM watermark)
                    AND EXISTS (SELECT 1 FROM bodies WHERE bodies.seq = documents.seq)
                ORDER BY seq LIMIT ?3",
            )?;
            let limit = i64::try_from(documents_max).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![after.0, id, limit])?;
            let mut found: Vec<(Seq, DocumentHead)> = Vec::new();
            while let Some(row) = rows.next()? {
                found.push((Seq(row.get(0)?), head(row, 1)?));
            }
            Ok::<_, Fault>(found)
        })
        .await
    }

    /// A generation that no batch of the table was ever in.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn unused_generation(&self, table: &TableName) -> Result<u32, PortError> {
        let (what, table) = (format!("choose a generation of {table}"), table.clone());
        self.read(what, move |connection| {
            let highest: Option<i64> = connection
                .prepare_cached(
                    "SELECT MAX(highest) FROM (
                        SELECT generation AS highest FROM tables WHERE name = ?1
                        UNION ALL
                        SELECT MAX(batches.generation) FROM batches
                        JOIN tables ON tables.id = batches.table_id WHERE tables.name = ?1)",
                )?
                .query_row([table.as_str()], |row| row.get(0))
                .optional()?
                .flatten();
            Ok(count::<u32>("batches.generation", highest.unwrap_or(0))? + 1)
        })
        .await
    }

    /// Open batches of a table's current generation.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn open_batches(&self, table: &TableName) -> Result<u64, PortError> {
        let (what, table) = (format!("count the open batches of {table}"), table.clone());
        self.read(what, move |connection| {
            let open = connection
                .prepare_cached(
                    "SELECT COUNT(*) FROM batches JOIN tables
                        ON tables.id = batches.table_id
                            AND tables.generation = batches.generation
                    WHERE committed_at_ms IS NULL AND tables.name = ?1",
                )?
                .query_row([table.as_str()], |row| row.get(0))?;
            count("batches", open)
        })
        .await
    }

    /// Retires the parts of all generations of a table that are neither current nor `kept`.
    /// Answers their keys.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn retire_other_generations(
        &self,
        table: &TableName,
        kept: Option<u32>,
    ) -> Result<Vec<String>, PortError> {
        let (what, table) = (format!("retire old generations of {table}"), table.clone());
        self.write(what, move |transaction| {
            let mut retire = transaction.connection.prepare_cached(
                "UPDATE parts SET retired_at_ms = ?3
                WHERE table_id = (SELECT id FROM tables WHERE name = ?1)
                    AND generation <> (SELECT generation FROM tables WHERE name = ?1)
                    AND generation IS NOT ?2 AND retired_at_ms IS NULL
                RETURNING key",
            )?;
            let keys = retire
                .query_map(params![table.as_str(), kept, transaction.now_ms], |row| row.get(0))?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn replayable(connection: &Connection, table: i64) -> Result<Replayable, Fault> {
    let (documents, removed): (i64, i64) = connection
        .prepare_cached(
            "SELECT
                COUNT(*) FILTER (WHERE has_body),
                COUNT(*) FILTER (WHERE NOT has_body AND received_at_ms >= first_ms)
            FROM (
                SELECT documents.received_at_ms,
                    EXISTS (SELECT 1 FROM bodies WHERE bodies.seq = documents.seq) AS has_body,
                    (SELECT 1000 * unixepoch(MIN(ingest_date)) FROM parts
                        JOIN tables ON tables.id = parts.table_id
                            AND tables.generation = parts.generation
                        WHERE parts.table_id = ?1 AND retired_at_ms IS NULL) AS first_ms
                FROM documents
                WHERE documents.table_id = ?1
                    AND documents.seq <= (SELECT dispatched_seq FROM watermark))",
        )?
        .query_row([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Replayable {
        documents: count("documents", documents)?,
        removed: count("documents", removed)?,
    })
}

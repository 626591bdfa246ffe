//! What a rebuild asks of the store: documents to replay, a generation to replay them into, and
//! what is left of generations that are not seen.

use super::document_row::head;
use super::fault::Fault;
use super::generations::current;
use super::handle::Store;
use super::keys::Seq;
use super::numbers::count;
use super::totals;
use super::transaction::table_id;
use rusqlite::{Connection, OptionalExtension, params};
use sluice_normalizer::{BatchId, TableName};
use sluice_pipeline::{DocumentHead, PortError};

/// How much there is to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayable {
    /// Documents in batches of the current generation whose bodies are there.
    pub documents: u64,
    /// Documents whose bodies were removed and whose rows are there, received on or after the first
    /// day that has parts: a rebuild would lose those rows.
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
            Some(id) => replayable(connection, id, current(connection, &table)?),
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

    /// Batches of a table's current generation that are not committed and whose message waits or is
    /// handed out. Those set aside end only when a person has done something.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn batches_in_line(&self, table: &TableName) -> Result<Vec<BatchId>, PortError> {
        let what = format!("look for batches of {table} at work");
        self.batch_ids(what, table, move |connection, table| {
            let sql = "SELECT id FROM batches
                WHERE committed_at_ms IS NULL AND table_id = ?1
                    AND generation = (SELECT generation FROM tables WHERE tables.id = ?1)
                    AND EXISTS (SELECT 1 FROM messages
                        WHERE messages.batch = batches.id AND messages.state <> 2)
                ORDER BY number";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Batches of a generation that are not committed, oldest first.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn open_batches(
        &self,
        table: &TableName,
        generation: u32,
    ) -> Result<Vec<BatchId>, PortError> {
        let what = format!("look for open batches of {table}");
        self.batch_ids(what, table, move |connection, table| {
            let sql = "SELECT id FROM batches
                WHERE committed_at_ms IS NULL AND table_id = ?1 AND generation = ?2
                ORDER BY number";
            let mut statement = connection.prepare_cached(sql)?;
            let ids = statement.query_map((table, generation), |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn batch_ids(
        &self,
        what: String,
        table: &TableName,
        find: impl FnOnce(&Connection, i64) -> Result<Vec<String>, Fault> + Send + 'static,
    ) -> Result<Vec<BatchId>, PortError> {
        let (table, batches) = (table.clone(), self.batches().clone());
        self.read(what, move |connection| match table_id(connection, &table)? {
            None => Ok(Vec::new()),
            Some(table) => {
                let found = find(connection, table)?;
                found.iter().map(|id| batches.id(connection, id)).collect()
            }
        })
        .await
    }

    /// Drops all generations of a table that are neither current nor `kept`: retires their parts,
    /// and marks them, so that none of them is ever switched to. Answers the parts' keys.
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
            let connection = transaction.connection;
            let Some(table) = table_id(connection, &table)? else {
                return Ok(Vec::new());
            };
            let mut retire = connection.prepare_cached(
                "UPDATE parts SET retired_at_ms = ?3
                WHERE table_id = ?1 AND retired_at_ms IS NULL
                    AND generation <> (SELECT generation FROM tables WHERE id = ?1)
                    AND generation IS NOT ?2
                RETURNING key",
            )?;
            let keys = retire
                .query_map(params![table, kept, transaction.now_ms], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            totals::mark_dropped(connection, table, kept)?;
            Ok(keys)
        })
        .await
    }

    /// Retires the parts of one generation of a table, child tables and rejects included, with an
    /// ingest date before `date` (`YYYY-MM-DD`). Answers their keys.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn retire_parts_before(
        &self,
        table: &TableName,
        generation: u32,
        date: &str,
    ) -> Result<Vec<String>, PortError> {
        let what = format!("retire the parts of {table} before {date}");
        let (table, date) = (table.clone(), date.to_owned());
        self.write(what, move |transaction| {
            let mut retire = transaction.connection.prepare_cached(
                "UPDATE parts SET retired_at_ms = ?4
                WHERE table_id = (SELECT id FROM tables WHERE name = ?1)
                    AND generation = ?2 AND ingest_date < ?3 AND retired_at_ms IS NULL
                RETURNING key",
            )?;
            let given = params![table.as_str(), generation, date, transaction.now_ms];
            let keys = retire.query_map(given, |row| row.get(0))?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Deletes some of what is known of documents in dropped generations: at most `rows_max` rows of
    /// each sort. Answers whether there may be more. The batches themselves stay: documents without
    /// bodies were last written by one of them.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn forget_dropped(
        &self,
        table: &TableName,
        rows_max: usize,
    ) -> Result<bool, PortError> {
        let (what, table) = (format!("forget dropped generations of {table}"), table.clone());
        let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
        self.write(what, move |transaction| {
            let connection = transaction.connection;
            let Some(table) = table_id(connection, &table)? else {
                return Ok(false);
            };
            let Some(generation) = totals::some_dropped(connection, table)? else {
                return Ok(false);
            };
            let mut forgotten = 0;
            for sql in FORGET {
                let mut forget = connection.prepare_cached(sql)?;
                forgotten += forget.execute((table, generation, rows_max))?;
            }
            if forgotten == 0 {
                totals::forget_dropped(connection, table, generation)?;
            }
            Ok(true)
        })
        .await
    }
}

const FORGET: [&str; 3] = [
    "DELETE FROM outcome_reasons WHERE table_id = ?1 AND generation = ?2 AND (seq, position) IN
        (SELECT seq, position FROM outcome_reasons
            WHERE table_id = ?1 AND generation = ?2 ORDER BY seq, position LIMIT ?3)",
    "DELETE FROM claims WHERE table_id = ?1 AND generation = ?2 AND seq IN
        (SELECT seq FROM claims WHERE table_id = ?1 AND generation = ?2 ORDER BY seq LIMIT ?3)",
    "UPDATE batches SET plan = NULL, plan_members = NULL WHERE number IN
        (SELECT number FROM batches
            WHERE table_id = ?1 AND generation = ?2 AND plan IS NOT NULL LIMIT ?3)",
];

/// Documents of a generation whose bodies were removed and whose rows readers may still see, and
/// which are not committed in the generation `to`: who switches to it loses those rows. A claim that
/// was taken over from an earlier generation has none.
pub(super) fn rows_without_bodies(
    connection: &Connection,
    table: i64,
    generation: u32,
    to: Option<u32>,
) -> Result<u64, Fault> {
    let found = connection
        .prepare_cached(
            "SELECT COUNT(*) FROM claims AS old
            JOIN batches ON batches.number = old.batch
            JOIN documents ON documents.seq = old.seq
            WHERE old.table_id = ?1 AND old.generation = ?2 AND batches.generation = ?2
                AND NOT EXISTS (SELECT 1 FROM bodies WHERE bodies.seq = old.seq)
                AND documents.received_at_ms >=
                    (SELECT 1000 * unixepoch(MIN(ingest_date)) FROM parts
                    WHERE parts.table_id = ?1 AND parts.generation = ?2 AND retired_at_ms IS NULL)
                AND NOT EXISTS (SELECT 1 FROM claims AS new
                    JOIN batches AS made ON made.number = new.batch
                    WHERE new.table_id = ?1 AND new.generation = ?3 AND new.seq = old.seq
                        AND made.committed_at_ms IS NOT NULL)",
        )?
        .query_row(params![table, generation, to], |row| row.get(0))?;
    count("documents", found)
}

fn replayable(connection: &Connection, table: i64, generation: u32) -> Result<Replayable, Fault> {
    let documents = connection
        .prepare_cached(
            "SELECT COUNT(*) FROM documents
            WHERE table_id = ?1 AND seq <= (SELECT dispatched_seq FROM watermark)
                AND EXISTS (SELECT 1 FROM bodies WHERE bodies.seq = documents.seq)",
        )?
        .query_row([table], |row| row.get(0))?;
    Ok(Replayable {
        documents: count("documents", documents)?,
        removed: rows_without_bodies(connection, table, generation, None)?,
    })
}

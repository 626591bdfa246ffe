//! Generations: a table's life from an empty lake on.

use super::batch_ids::table_name;
use super::fault::Fault;
use super::handle::Store;
use super::numbers::count;
use super::transaction::{Transaction, table_id};
use rusqlite::{Connection, OptionalExtension, params};
use sluice_normalizer::TableName;
use sluice_pipeline::PortError;
use std::collections::BTreeMap;

/// What became of a change of generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenerationChange {
    /// Readers see the new generation.
    Done,
    /// The current generation is another one; nothing was changed.
    Other {
        /// The current one.
        current: u32,
    },
    /// The new generation lacks documents that the old one has or is about to have; nothing was
    /// changed.
    Behind {
        /// Documents claimed in the old generation and not committed in the new one.
        documents: u64,
        /// Batches of the old generation that are not committed.
        open_batches: u64,
    },
}

impl Store {
    /// The current generation of every table that something was kept of. Answers in the calling
    /// thread, for the start.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn load_generations(&self) -> Result<BTreeMap<TableName, u32>, PortError> {
        self.read_here("read the generations", |connection| {
            let mut statement = connection.prepare_cached("SELECT name, generation FROM tables")?;
            let mut rows = statement.query([])?;
            let mut generations = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                let generation = count("tables.generation", row.get(1)?)?;
                generations.insert(table_name(&name)?, generation);
            }
            Ok(generations)
        })
    }

    /// Makes `to` the table's current generation if `from` is it and every document of `from` whose
    /// body is there is committed in `to`, in one step. Looks at every claim of the table: the writer is held up by
    /// a second or so per million documents.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn set_generation(
        &self,
        table: &TableName,
        from: u32,
        to: u32,
    ) -> Result<GenerationChange, PortError> {
        let (what, table) = (format!("make {to} the generation of {table}"), table.clone());
        self.write(what, move |transaction| set(transaction, &table, from, to)).await
    }
}

/// The table's current generation.
pub(super) fn current(connection: &Connection, table: &TableName) -> Result<u32, Fault> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT generation FROM tables WHERE name = ?1")?
        .query_row([table.as_str()], |row| row.get(0))
        .optional()?;
    found.map_or(Ok(1), |generation| count("tables.generation", generation))
}

fn set(
    transaction: &Transaction<'_>,
    table: &TableName,
    from: u32,
    to: u32,
) -> Result<GenerationChange, Fault> {
    let connection = transaction.connection;
    let now = current(connection, table)?;
    let (true, Some(table)) = (now == from, table_id(connection, table)?) else {
        return Ok(GenerationChange::Other { current: now });
    };
    let lacking: i64 = connection
        .prepare_cached(
            "SELECT COUNT(*) FROM claims AS old
            WHERE old.table_id = ?1 AND old.generation = ?2
                AND EXISTS (SELECT 1 FROM bodies WHERE bodies.seq = old.seq)
                AND NOT EXISTS (
                SELECT 1 FROM claims AS new JOIN batches ON batches.number = new.batch
                WHERE new.table_id = ?1 AND new.generation = ?3 AND new.seq = old.seq
                    AND batches.committed_at_ms IS NOT NULL)",
        )?
        .query_row(params![table, from, to], |row| row.get(0))?;
    let open: i64 = connection
        .prepare_cached(
            "SELECT COUNT(*) FROM batches
            WHERE committed_at_ms IS NULL AND table_id = ?1 AND generation = ?2",
        )?
        .query_row(params![table, from], |row| row.get(0))?;
    if lacking > 0 || open > 0 {
        return Ok(GenerationChange::Behind {
            documents: count("claims", lacking)?,
            open_batches: count("batches", open)?,
        });
    }
    keep_places_of_removed(connection, table, from, to)?;
    connection
        .prepare_cached("UPDATE tables SET generation = ?2 WHERE id = ?1")?
        .execute(params![table, to])?;
    Ok(GenerationChange::Done)
}

/// Documents whose bodies were removed cannot be replayed; where they went stays known.
fn keep_places_of_removed(
    connection: &Connection,
    table: i64,
    from: u32,
    to: u32,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO claims (table_id, generation, seq, batch, rows, rejects)
            SELECT table_id, ?3, seq, batch, rows, rejects FROM claims
            WHERE table_id = ?1 AND generation = ?2
                AND NOT EXISTS (SELECT 1 FROM bodies WHERE bodies.seq = claims.seq)
            ON CONFLICT (table_id, generation, seq) DO NOTHING",
        )?
        .execute(params![table, from, to])?;
    connection
        .prepare_cached(
            "INSERT INTO outcome_reasons
                (table_id, generation, seq, position, record, code, message, pointer)
            SELECT table_id, ?3, seq, position, record, code, message, pointer
            FROM outcome_reasons
            WHERE table_id = ?1 AND generation = ?2
                AND NOT EXISTS (SELECT 1 FROM bodies WHERE bodies.seq = outcome_reasons.seq)
            ON CONFLICT (table_id, generation, seq, position) DO NOTHING",
        )?
        .execute(params![table, from, to])?;
    Ok(())
}

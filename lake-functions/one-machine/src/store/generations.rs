//! Generations: a table's life from an empty lake on.

use super::batch_ids::table_name;
use super::batches::members_of;
use super::fault::Fault;
use super::handle::Store;
use super::numbers::count;
use super::rebuild::rows_without_bodies;
use super::totals;
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
        /// Documents in batches of the old generation, bodies there, and not committed in the new
        /// one.
        documents: u64,
        /// Batches that are not committed: of the new generation, and those of the old one that are
        /// at work or in line.
        open_batches: u64,
    },
    /// Rows of more documents than agreed would be lost, their bodies being gone; nothing was
    /// changed.
    Loses {
        /// How many.
        documents: u64,
    },
    /// The new generation was dropped; nothing was changed.
    Dropped,
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
    /// body is there is committed in `to`, in one step. `removed_max`: how many of the others may lose
    /// rows that are seen now. What waits in the queue for `from` goes. Looks at every claim of the
    /// table: the writer is held up by a second or so per million documents.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn set_generation(
        &self,
        table: &TableName,
        from: u32,
        to: u32,
        removed_max: u64,
    ) -> Result<GenerationChange, PortError> {
        let (what, table) = (format!("make {to} the generation of {table}"), table.clone());
        self.write(what, move |transaction| set(transaction, &table, (from, to), removed_max)).await
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
    (from, to): (u32, u32),
    removed_max: u64,
) -> Result<GenerationChange, Fault> {
    let connection = transaction.connection;
    let now = current(connection, table)?;
    let (true, Some(table)) = (now == from, table_id(connection, table)?) else {
        return Ok(GenerationChange::Other { current: now });
    };
    if !totals::is_whole(connection, table, to)? {
        return Ok(GenerationChange::Dropped);
    }
    let open = connection
        .prepare_cached(
            "SELECT COUNT(*) FROM batches
            WHERE committed_at_ms IS NULL AND table_id = ?1 AND (generation = ?3
                OR generation = ?2 AND EXISTS (SELECT 1 FROM messages
                    WHERE messages.batch = batches.id AND messages.state <> 2))",
        )?
        .query_row(params![table, from, to], |row| row.get(0))?;
    let open_batches = count("batches", open)?;
    let documents = lacking(connection, table, from, to)?;
    if documents > 0 || open_batches > 0 {
        return Ok(GenerationChange::Behind { documents, open_batches });
    }
    let removed = rows_without_bodies(connection, table, from, Some(to))?;
    if removed > removed_max {
        return Ok(GenerationChange::Loses { documents: removed });
    }
    keep_places_of_removed(connection, table, from, to)?;
    connection
        .prepare_cached("UPDATE tables SET generation = ?2 WHERE id = ?1")?
        .execute(params![table, to])?;
    // Batches set aside: their documents are rows of the new generation.
    connection
        .prepare_cached(
            "DELETE FROM messages WHERE table_id = ?1
                AND batch IN (SELECT id FROM batches WHERE table_id = ?1 AND generation <> ?2)",
        )?
        .execute(params![table, to])?;
    Ok(GenerationChange::Done)
}

/// Documents that `from` has claimed or was given to claim, which have a body and are not committed
/// in `to`.
fn lacking(connection: &Connection, table: i64, from: u32, to: u32) -> Result<u64, Fault> {
    let claimed: i64 = connection
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
    let mut documents = count("claims", claimed)?;
    // A batch may have been set aside before it claimed anything.
    let mut open = connection.prepare_cached(
        "SELECT number FROM batches
        WHERE committed_at_ms IS NULL AND table_id = ?1 AND generation = ?2",
    )?;
    let mut lacks = connection.prepare_cached(
        "SELECT COUNT(*) FROM bodies
        WHERE seq = ?4 AND seq <= (SELECT dispatched_seq FROM watermark)
            AND NOT EXISTS (SELECT 1 FROM claims
                WHERE table_id = ?1 AND generation = ?2 AND seq = ?4)
            AND NOT EXISTS (
                SELECT 1 FROM claims AS new JOIN batches ON batches.number = new.batch
                WHERE new.table_id = ?1 AND new.generation = ?3 AND new.seq = ?4
                    AND batches.committed_at_ms IS NOT NULL)",
    )?;
    let numbers = open.query_map(params![table, from], |row| row.get(0))?;
    for number in numbers.collect::<Result<Vec<i64>, _>>()? {
        for seq in members_of(connection, number)? {
            let given = params![table, from, to, seq.0];
            let lacking = lacks.query_row(given, |row| row.get(0))?;
            documents += count::<u64>("bodies", lacking)?;
        }
    }
    Ok(documents)
}

/// Documents whose bodies were removed cannot be replayed; where they went stays known, unless they
/// were replayed before.
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
            ON CONFLICT (table_id, generation, seq) DO UPDATE SET
                batch = excluded.batch, rows = excluded.rows, rejects = excluded.rejects
            WHERE (SELECT committed_at_ms FROM batches WHERE number = claims.batch) IS NULL",
        )?
        .execute(params![table, from, to])?;
    connection
        .prepare_cached(
            "INSERT INTO outcome_reasons
                (table_id, generation, seq, position, record, code, message, pointer)
            SELECT old.table_id, ?3, old.seq, position, record, code, message, pointer
            FROM outcome_reasons AS old
            WHERE old.table_id = ?1 AND old.generation = ?2
                AND (SELECT batch FROM claims AS place WHERE place.table_id = ?1
                        AND place.generation = ?3 AND place.seq = old.seq)
                    = (SELECT batch FROM claims AS place WHERE place.table_id = ?1
                        AND place.generation = ?2 AND place.seq = old.seq)
            ON CONFLICT (table_id, generation, seq, position) DO NOTHING",
        )?
        .execute(params![table, from, to])?;
    Ok(())
}

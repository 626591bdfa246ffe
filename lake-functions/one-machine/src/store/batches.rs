//! Batches in the ledger.

use super::batch_ids::table_name;
use super::fault::{Damage, Fault};
use super::keys::Seq;
use super::members;
use super::numbers::{count, stored};
use super::transaction::Transaction;
use rusqlite::{Connection, OptionalExtension, params};
use sluice_normalizer::BatchId;
use sluice_pipeline::{Batch, BatchRecord, BatchState, Created};

/// What a batch is known by within the store.
pub(super) struct BatchRow {
    pub(super) number: i64,
    pub(super) table_id: i64,
    pub(super) generation: i64,
    pub(super) committed: bool,
}

/// Keeps a batch unless it is known.
pub(super) fn create(transaction: &Transaction<'_>, batch: &Batch) -> Result<Created, Fault> {
    if row(transaction.connection, batch.id.as_str())?.is_some() {
        return Ok(Created::Exists);
    }
    let mut documents = Vec::with_capacity(batch.documents.len());
    let mut oldest: Option<i64> = None;
    for id in &batch.documents {
        let Some((seq, received_at_ms)) = members::find(transaction.connection, id)? else {
            return Err(Damage::UnknownDocument { id: id.to_string() }.into());
        };
        documents.push(seq);
        oldest = Some(oldest.map_or(received_at_ms, |oldest| oldest.min(received_at_ms)));
    }
    transaction
        .connection
        .prepare_cached(
            "INSERT INTO batches
                (id, table_id, generation, members, documents, oldest_received_at_ms, created_at_ms)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            batch.id.as_str(),
            transaction.table(&batch.table)?,
            batch.generation,
            members::pack(&documents),
            stored(documents.len() as u64),
            oldest,
            transaction.now_ms,
        ])?;
    Ok(Created::New)
}

/// The batch with its members.
pub(super) fn find(connection: &Connection, id: BatchId) -> Result<Option<BatchRecord>, Fault> {
    let sql = "SELECT tables.name, batches.generation, members, committed_at_ms IS NOT NULL
        FROM batches JOIN tables ON tables.id = batches.table_id WHERE batches.id = ?1";
    let found: Option<(String, i64, Vec<u8>, bool)> = connection
        .prepare_cached(sql)?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((name, generation, packed, committed)) = found else {
        return Ok(None);
    };
    let documents = members::ids(connection, &members::unpack("batches.members", &packed)?)?;
    let table = table_name(&name)?;
    let generation = count("batches.generation", generation)?;
    let state = if committed { BatchState::Committed } else { BatchState::Open };
    Ok(Some(BatchRecord { batch: Batch { id, table, generation, documents }, state }))
}

/// The batch without its members.
pub(super) fn row(connection: &Connection, id: &str) -> Result<Option<BatchRow>, Fault> {
    let sql = "SELECT number, table_id, generation, committed_at_ms IS NOT NULL
        FROM batches WHERE id = ?1";
    let found = connection.prepare_cached(sql)?.query_row([id], |row| {
        Ok(BatchRow {
            number: row.get(0)?,
            table_id: row.get(1)?,
            generation: row.get(2)?,
            committed: row.get(3)?,
        })
    });
    Ok(found.optional()?)
}

/// The batch without its members, which must be known.
pub(super) fn known_row(connection: &Connection, id: &str) -> Result<BatchRow, Fault> {
    row(connection, id)?.ok_or_else(|| Damage::UnknownBatch { batch: id.to_owned() }.into())
}

/// A batch's members, in order.
pub(super) fn members_of(connection: &Connection, number: i64) -> Result<Vec<Seq>, Fault> {
    let packed: Vec<u8> = connection
        .prepare_cached("SELECT members FROM batches WHERE number = ?1")?
        .query_row([number], |row| row.get(0))?;
    members::unpack("batches.members", &packed)
}

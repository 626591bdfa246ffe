//! What became of documents.

use super::batch_ids::KnownBatches;
use super::batches;
use super::fault::{Damage, Fault};
use super::keys::Seq;
use super::members;
use super::numbers::{count, stored};
use super::plans;
use super::transaction::{Transaction, table_id};
use rusqlite::{Connection, OptionalExtension, params};
use sluice_normalizer::{DocumentId, DocumentOutcome, RejectReason, TableName};
use sluice_pipeline::DocumentRecord;

/// Keeps the outcomes of a planned batch; seen once it is committed.
pub(super) fn record(
    transaction: &Transaction<'_>,
    batch: &str,
    outcomes: &[DocumentOutcome],
) -> Result<(), Fault> {
    let connection = transaction.connection;
    let row = batches::known_row(connection, batch)?;
    let Some((_, documents)) = plans::without_ids(connection, batch)? else {
        return Err(Damage::NoPlan { batch: batch.to_owned() }.into());
    };
    if documents.len() != outcomes.len() {
        let (outcomes, documents) = (outcomes.len(), documents.len());
        return Err(Damage::Outcomes { batch: batch.to_owned(), outcomes, documents }.into());
    }
    let mut update = connection.prepare_cached(
        "UPDATE claims SET rows = ?5, rejects = ?6
        WHERE table_id = ?1 AND generation = ?2 AND seq = ?3 AND batch = ?4",
    )?;
    for (seq, outcome) in documents.iter().zip(outcomes) {
        let (rows, rejects) = (stored(outcome.rows), stored(outcome.rejects));
        let (table, generation) = (row.table_id, row.generation);
        let held = update.execute(params![table, generation, seq.0, row.number, rows, rejects])?;
        if held == 0 {
            return Err(Damage::OtherMembers { batch: batch.to_owned() }.into());
        }
        if outcome.rejects > 0 {
            keep_reasons(connection, (table, generation, *seq), &outcome.reasons)?;
        }
    }
    Ok(())
}

/// A document within a generation of its table.
type Place = (i64, i64, Seq);

fn keep_reasons(
    connection: &Connection,
    (table, generation, seq): Place,
    reasons: &[RejectReason],
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "DELETE FROM outcome_reasons WHERE table_id = ?1 AND generation = ?2 AND seq = ?3",
        )?
        .execute(params![table, generation, seq.0])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO outcome_reasons
            (table_id, generation, seq, position, record, code, message, pointer)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for (position, reason) in (0_i64..).zip(reasons) {
        let RejectReason { record, code, message, pointer } = reason;
        insert
            .execute(params![table, generation, seq.0, position, record, code, message, pointer])?;
    }
    Ok(())
}

/// What is known of a document in a generation.
pub(super) fn find(
    connection: &Connection,
    batches: &KnownBatches,
    table: &TableName,
    generation: u32,
    id: &DocumentId,
) -> Result<Option<DocumentRecord>, Fault> {
    let (Some(table), Some((seq, _))) =
        (table_id(connection, table)?, members::find(connection, id)?)
    else {
        return Ok(None);
    };
    Ok(at(connection, batches, (table, i64::from(generation), seq))?.map(|(record, _)| record))
}

/// What is known of a document in a generation, and when its batch was committed.
pub(super) fn at(
    connection: &Connection,
    batches: &KnownBatches,
    place: Place,
) -> Result<Option<(DocumentRecord, Option<i64>)>, Fault> {
    let (table, generation, seq) = place;
    let sql = "SELECT batches.id, batches.committed_at_ms, claims.rows, claims.rejects
        FROM claims JOIN batches ON batches.number = claims.batch
        WHERE claims.table_id = ?1 AND claims.generation = ?2 AND claims.seq = ?3";
    type Found = (String, Option<i64>, Option<i64>, Option<i64>);
    let found: Option<Found> = connection
        .prepare_cached(sql)?
        .query_row(params![table, generation, seq.0], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((batch, committed_at_ms, rows, rejects)) = found else {
        return Ok(None);
    };
    let outcome = match (committed_at_ms, rows, rejects) {
        (Some(_), Some(rows), Some(rejects)) => Some(DocumentOutcome {
            rows: count("claims.rows", rows)?,
            rejects: count("claims.rejects", rejects)?,
            reasons: if rejects > 0 { reasons(connection, place)? } else { Vec::new() },
        }),
        _ => None,
    };
    let record = DocumentRecord { batch: batches.id(connection, &batch)?, outcome };
    Ok(Some((record, committed_at_ms)))
}

fn reasons(
    connection: &Connection,
    (table, generation, seq): Place,
) -> Result<Vec<RejectReason>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT record, code, message, pointer FROM outcome_reasons
        WHERE table_id = ?1 AND generation = ?2 AND seq = ?3 ORDER BY position",
    )?;
    let reasons = statement.query_map(params![table, generation, seq.0], |row| {
        Ok(RejectReason {
            record: row.get(0)?,
            code: row.get(1)?,
            message: row.get(2)?,
            pointer: row.get(3)?,
        })
    })?;
    Ok(reasons.collect::<Result<_, _>>()?)
}

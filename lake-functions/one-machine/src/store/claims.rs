//! Claims: a document belongs to one batch of a generation for good (D5).

use super::batches;
use super::fault::{Damage, Fault};
use super::transaction::Transaction;
use rusqlite::params;
use sluice_pipeline::Batch;

/// Claims the members that no other batch holds; says for each whether this batch holds it.
pub(super) fn claim(transaction: &Transaction<'_>, batch: &Batch) -> Result<Vec<bool>, Fault> {
    batches::create(transaction, batch)?;
    let connection = transaction.connection;
    let row = batches::known_row(connection, batch.id.as_str())?;
    let members = batches::members_of(connection, row.number)?;
    if members.len() != batch.documents.len() {
        return Err(Damage::OtherMembers { batch: batch.id.to_string() }.into());
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO claims (table_id, generation, seq, batch) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (table_id, generation, seq) DO NOTHING",
    )?;
    let mut holder = connection.prepare_cached(
        "SELECT batch FROM claims WHERE table_id = ?1 AND generation = ?2 AND seq = ?3",
    )?;
    let mut ours = Vec::with_capacity(members.len());
    for seq in members {
        let claimed = insert.execute(params![row.table_id, row.generation, seq.0, row.number])?;
        ours.push(
            claimed == 1
                || holder.query_row(params![row.table_id, row.generation, seq.0], |claim| {
                    claim.get::<_, i64>(0)
                })? == row.number,
        );
    }
    Ok(ours)
}

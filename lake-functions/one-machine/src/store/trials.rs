//! Trials of batches: JSON, since nothing is asked of them but to come back.

use super::batches;
use super::fault::{Damage, Fault};
use super::transaction::Transaction;
use rusqlite::{Connection, OptionalExtension, params};
use sluice_pipeline::Trial;

pub(super) fn find(connection: &Connection, batch: &str) -> Result<Option<Trial>, Fault> {
    let sql = "SELECT trial FROM trials JOIN batches ON batches.number = trials.batch
        WHERE batches.id = ?1";
    let json: Option<String> =
        connection.prepare_cached(sql)?.query_row([batch], |row| row.get(0)).optional()?;
    let read = |json: String| {
        serde_json::from_str(&json).map_err(|_| Damage::Value { column: "trials.trial" }.into())
    };
    json.map(read).transpose()
}

pub(super) fn keep(transaction: &Transaction<'_>, batch: &str, json: &str) -> Result<(), Fault> {
    let row = batches::known_row(transaction.connection, batch)?;
    let sql = "INSERT INTO trials (batch, trial) VALUES (?1, ?2)
        ON CONFLICT (batch) DO UPDATE SET trial = excluded.trial";
    transaction.connection.prepare_cached(sql)?.execute(params![row.number, json])?;
    Ok(())
}

/// The batch is committed: nothing is tried any more.
pub(super) fn forget(transaction: &Transaction<'_>, batch: i64) -> Result<(), Fault> {
    let sql = "DELETE FROM trials WHERE batch = ?1";
    transaction.connection.prepare_cached(sql)?.execute([batch])?;
    Ok(())
}

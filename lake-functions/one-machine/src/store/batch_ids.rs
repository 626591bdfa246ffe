//! Batch ids from their stored text.
//!
//! A batch id can only be derived from the batch's members. So ids that passed through this process
//! are remembered, and others derived once, which also shows that the ledger holds together.

use super::fault::{Damage, Fault};
use super::members;
use super::numbers::count;
use rusqlite::{Connection, OptionalExtension};
use sluice_normalizer::{BatchId, TableName};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Ids remembered; then they are forgotten all at once.
const KNOWN_MAX: usize = 20_000;

/// Batch ids by their text.
#[derive(Debug, Default)]
pub(super) struct KnownBatches(Mutex<HashMap<String, BatchId>>);

impl KnownBatches {
    /// Remembers an id.
    pub(super) fn learn(&self, id: &BatchId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(id.as_str()) {
            if known.len() >= KNOWN_MAX {
                known.clear();
            }
            known.insert(id.to_string(), id.clone());
        }
    }

    /// The id with this text.
    pub(super) fn id(&self, connection: &Connection, text: &str) -> Result<BatchId, Fault> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
        if let Some(id) = known {
            return Ok(id);
        }
        let id = derive(connection, text)?;
        self.learn(&id);
        Ok(id)
    }
}

fn derive(connection: &Connection, text: &str) -> Result<BatchId, Fault> {
    let sql = "SELECT tables.name, batches.generation, batches.members
        FROM batches JOIN tables ON tables.id = batches.table_id WHERE batches.id = ?1";
    let found: Option<(String, i64, Vec<u8>)> = connection
        .prepare_cached(sql)?
        .query_row([text], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((name, generation, packed)) = found else {
        return Err(Damage::UnknownBatch { batch: text.to_owned() }.into());
    };
    let table = table_name(&name)?;
    let ids = members::ids(connection, &members::unpack("batches.members", &packed)?)?;
    let id = BatchId::derive(&table, count("batches.generation", generation)?, ids.iter());
    if id.as_str() != text {
        return Err(Damage::OtherMembers { batch: text.to_owned() }.into());
    }
    Ok(id)
}

/// A table's name as stored.
pub(super) fn table_name(stored: &str) -> Result<TableName, Fault> {
    TableName::parse(stored).map_err(|_| Damage::Value { column: "tables.name" }.into())
}

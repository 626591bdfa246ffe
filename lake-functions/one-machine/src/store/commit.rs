//! Commit: the end of a batch, from which on readers see its parts.

use super::batch_ids::table_name;
use super::batches::{self, BatchRow};
use super::fault::{Damage, Fault};
use super::handle::Store;
use super::numbers::count;
use super::parts;
use super::plans;
use super::totals;
use super::transaction::Transaction;
use super::trials;
use crate::snapshot::Part;
use rusqlite::params;
use sluice_normalizer::{BatchId, TableName};
use sluice_pipeline::{PlannedPart, PortError};

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedBatch {
    /// Whether the batch was open until now.
    pub newly: bool,
    /// The root table.
    pub table: TableName,
    /// The generation its rows went to.
    pub generation: u32,
    /// Its parts with their physical tables; none when it was committed before.
    pub parts: Vec<(String, Part)>,
}

impl Store {
    /// Ends a planned batch; tells what readers of its generation see from now on. A batch that is
    /// committed already stays as it is.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn commit_batch(
        &self,
        id: &BatchId,
        parts: &[PlannedPart],
    ) -> Result<CommittedBatch, PortError> {
        let (what, id, parts) = (format!("commit batch {id}"), id.clone(), parts.to_vec());
        self.write(what, move |transaction| commit(transaction, id.as_str(), &parts)).await
    }
}

fn commit(
    transaction: &Transaction<'_>,
    batch: &str,
    planned: &[PlannedPart],
) -> Result<CommittedBatch, Fault> {
    let connection = transaction.connection;
    let row = batches::known_row(connection, batch)?;
    let name: String = connection
        .prepare_cached("SELECT name FROM tables WHERE id = ?1")?
        .query_row([row.table_id], |row| row.get(0))?;
    let mut committed = CommittedBatch {
        newly: !row.committed,
        table: table_name(&name)?,
        generation: count("batches.generation", row.generation)?,
        parts: Vec::new(),
    };
    if row.committed {
        return Ok(committed);
    }
    let Some((plan, _)) = plans::without_ids(connection, batch)? else {
        return Err(Damage::NoPlan { batch: batch.to_owned() }.into());
    };
    let BatchRow { number, table_id, generation, .. } = row;
    for part in planned {
        let seen = parts::insert(connection, (table_id, generation), part, Some(number))?;
        committed.parts.push((part.table.clone(), seen));
    }
    totals::add(connection, (table_id, generation), &plan.report)?;
    connection
        .prepare_cached("UPDATE batches SET committed_at_ms = ?2 WHERE number = ?1")?
        .execute(params![number, transaction.now_ms])?;
    trials::forget(transaction, number)?;
    Ok(committed)
}

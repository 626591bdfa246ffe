//! Retention of raw documents: bodies go, heads and claims stay.

use super::fault::Fault;
use super::handle::Store;
use super::keys::Seq;
use super::numbers::stored;
use super::transaction::{Transaction, table_id};
use rusqlite::params;
use sluice_normalizer::TableName;
use sluice_pipeline::PortError;

/// What one step of removing bodies did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedBodies {
    /// Bodies removed.
    pub bodies: u64,
    /// Where the next step goes on; none when this was the last one.
    pub next: Option<Seq>,
}

impl Store {
    /// Removes the bodies of the table's documents that were received before `before_ms` and whose
    /// batch is committed in the current generation, and in the generation `to_come` if there is one:
    /// a document that is not replayed yet is needed. Looks at up to `documents_max` documents after
    /// `after`.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn remove_bodies_before(
        &self,
        table: &TableName,
        to_come: Option<u32>,
        before_ms: i64,
        after: Seq,
        documents_max: usize,
    ) -> Result<RemovedBodies, PortError> {
        let (what, table) = (format!("remove old bodies of {table}"), table.clone());
        self.write(what, move |transaction| {
            remove(transaction, &table, to_come, before_ms, after, documents_max)
        })
        .await
    }
}

fn remove(
    transaction: &Transaction<'_>,
    table: &TableName,
    to_come: Option<u32>,
    before_ms: i64,
    after: Seq,
    documents_max: usize,
) -> Result<RemovedBodies, Fault> {
    let connection = transaction.connection;
    let Some(table) = table_id(connection, table)? else {
        return Ok(RemovedBodies { bodies: 0, next: None });
    };
    let mut select = connection.prepare_cached(
        "SELECT claims.seq, batches.committed_at_ms IS NOT NULL AND documents.received_at_ms < ?3
            AND (?5 IS NULL OR EXISTS (SELECT 1 FROM claims AS made
                JOIN batches AS of_made ON of_made.number = made.batch
                WHERE made.table_id = ?1 AND made.generation = ?5 AND made.seq = claims.seq
                    AND of_made.committed_at_ms IS NOT NULL))
        FROM claims
        JOIN batches ON batches.number = claims.batch
        JOIN documents ON documents.seq = claims.seq
        WHERE claims.table_id = ?1
            AND claims.generation = (SELECT generation FROM tables WHERE id = ?1)
            AND claims.seq > ?2
        ORDER BY claims.seq LIMIT ?4",
    )?;
    let mut delete = connection.prepare_cached("DELETE FROM bodies WHERE seq = ?1")?;
    let limit = stored(documents_max.max(1) as u64);
    let mut rows = select.query(params![table, after.0, before_ms, limit, to_come])?;
    let (mut looked_at, mut bodies, mut last) = (0, 0, after);
    while let Some(row) = rows.next()? {
        let (seq, may_go): (i64, bool) = (row.get(0)?, row.get(1)?);
        if may_go {
            bodies += delete.execute([seq])? as u64;
        }
        looked_at += 1;
        last = Seq(seq);
    }
    Ok(RemovedBodies { bodies, next: (looked_at == limit).then_some(last) })
}

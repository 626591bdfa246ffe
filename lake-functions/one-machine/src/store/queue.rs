//! The queue of batches: first in, first out per table, one message of a table out at a time.
//!
//! What was handed out counts as out until it is deleted, given back or the process ends; how often
//! a message was handed out is durable, so that a batch which kills the process is told from one
//! that was never tried.
//!
//! Clocks step back. When a message is due is therefore read with care: what was sent is due at once,
//! whatever time it is; no delay is longer than [`DELAY_MAX`]; and after a restart all are due.

use super::batch_ids::{KnownBatches, table_name};
use super::fault::Fault;
use super::handle::Store;
use super::limits::DELAY_MAX;
use super::numbers::count;
use super::transaction::Transaction;
use rusqlite::{Connection, OptionalExtension, params};
use sluice_normalizer::BatchId;
use sluice_pipeline::{BatchMessage, Delivery, PortError, Receipt, WorkQueue};
use std::time::Duration;

const WAITING: i64 = 0;
const OUT: i64 = 1;
const SET_ASIDE: i64 = 2;

/// When a message is due that need not wait.
const AT_ONCE: i64 = 0;

/// [`DELAY_MAX`] in milliseconds.
const DELAY_MAX_MS: i64 = DELAY_MAX.as_millis() as i64;

/// The first message of every table that has some: one step in the index per table.
macro_rules! heads {
    ($select:literal) => {
        concat!(
            "WITH RECURSIVE lines (table_id) AS (
                SELECT MIN(table_id) FROM messages WHERE state <> 2
                UNION ALL
                SELECT (SELECT MIN(table_id) FROM messages
                    WHERE table_id > lines.table_id AND state <> 2)
                FROM lines WHERE lines.table_id IS NOT NULL
            ),
            heads AS (
                SELECT messages.* FROM lines JOIN messages ON messages.number =
                    (SELECT MIN(number) FROM messages
                        WHERE table_id = lines.table_id AND state <> 2)
            ) ",
            $select
        )
    };
}

impl WorkQueue for Store {
    async fn send(&self, message: &BatchMessage) -> Result<(), PortError> {
        self.batches().learn(&message.batch);
        let (what, message) = (format!("send batch {}", message.batch), message.clone());
        self.write(what, move |transaction| send(transaction, &message)).await
    }

    async fn receive(&self) -> Result<Option<Delivery>, PortError> {
        let batches = self.batches().clone();
        let what = "receive a batch".to_owned();
        self.write(what, move |transaction| receive(transaction, &batches)).await
    }

    async fn delete(&self, receipt: &Receipt) -> Result<(), PortError> {
        let Some((number, receives)) = delivery(receipt) else {
            return Ok(());
        };
        self.write(format!("delete message {number}"), move |transaction| {
            let sql = "DELETE FROM messages WHERE number = ?1 AND receives = ?2 AND state = ?3";
            transaction.connection.prepare_cached(sql)?.execute((number, receives, OUT))?;
            Ok(())
        })
        .await
    }

    /// A longer delay than [`DELAY_MAX`] is cut to it.
    async fn release(&self, receipt: &Receipt, delay: Duration) -> Result<(), PortError> {
        let delay_ms = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX).min(DELAY_MAX_MS);
        self.give_back(receipt, WAITING, delay_ms).await
    }
}

impl Store {
    /// When the next message is due, milliseconds since 1970 UTC (0: at once); none when none waits
    /// at the head of its table's line.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn next_due_at_ms(&self) -> Result<Option<i64>, PortError> {
        self.read("look when a message is due".to_owned(), |connection| {
            let sql = heads!("SELECT MIN(due_at_ms) FROM heads WHERE state = 0");
            Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        })
        .await
    }

    /// Takes a message out of its table's line for a person to look at; those behind it go on. A
    /// receipt that is no longer valid changes nothing.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn set_aside(&self, receipt: &Receipt) -> Result<(), PortError> {
        self.give_back(receipt, SET_ASIDE, 0).await
    }

    /// How many tables have a message that is due.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn tables_due(&self, now_ms: i64) -> Result<u64, PortError> {
        self.read("count the tables that wait".to_owned(), move |connection| {
            let sql = heads!("SELECT COUNT(*) FROM heads WHERE state = 0 AND due_at_ms <= ?1");
            let found = connection.prepare_cached(sql)?.query_row([now_ms], |row| row.get(0))?;
            count("messages", found)
        })
        .await
    }

    /// How many messages are set aside.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn set_aside_count(&self) -> Result<u64, PortError> {
        self.read("count the messages set aside".to_owned(), |connection| {
            let sql = "SELECT COUNT(*) FROM messages WHERE state = ?1";
            let found = connection.prepare_cached(sql)?.query_row([SET_ASIDE], |row| row.get(0))?;
            count("messages", found)
        })
        .await
    }

    /// Sends again what was set aside, each with the next send number and as if it was never handed
    /// out, in its old place in line. Answers how many messages that are.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn redrive_set_aside(&self) -> Result<u64, PortError> {
        self.write("send again what was set aside".to_owned(), |transaction| {
            let sql = "UPDATE messages SET state = ?1, receives = 0, due_at_ms = ?3,
                    send = 1 + (SELECT MAX(send) FROM messages AS same
                        WHERE same.batch = messages.batch)
                WHERE state = ?2";
            let redriven = (WAITING, SET_ASIDE, AT_ONCE);
            Ok(transaction.connection.prepare_cached(sql)?.execute(redriven)? as u64)
        })
        .await
    }

    async fn give_back(
        &self,
        receipt: &Receipt,
        state: i64,
        delay_ms: i64,
    ) -> Result<(), PortError> {
        let Some((number, receives)) = delivery(receipt) else {
            return Ok(());
        };
        self.write(format!("give back message {number}"), move |transaction| {
            let due_at_ms = transaction.now_ms.saturating_add(delay_ms);
            let sql = "UPDATE messages SET state = ?4, due_at_ms = ?5
                WHERE number = ?1 AND receives = ?2 AND state = ?3";
            let given = params![number, receives, OUT, state, due_at_ms];
            transaction.connection.prepare_cached(sql)?.execute(given)?;
            Ok(())
        })
        .await
    }
}

/// Makes all messages due that are not set aside: an earlier process had taken some out, and gave
/// others a time by a clock that may have stepped back since.
pub(super) fn all_back(connection: &Connection) -> Result<(), Fault> {
    let sql = "UPDATE messages SET state = ?1, due_at_ms = ?2 WHERE state <> ?3";
    connection.execute(sql, (WAITING, AT_ONCE, SET_ASIDE))?;
    Ok(())
}

fn send(transaction: &Transaction<'_>, message: &BatchMessage) -> Result<(), Fault> {
    let table = transaction.table(&message.table)?;
    transaction
        .connection
        .prepare_cached(
            "INSERT INTO messages (table_id, batch, send, receives, due_at_ms, state)
            VALUES (?1, ?2, ?3, 0, ?4, ?5) ON CONFLICT (batch, send) DO NOTHING",
        )?
        .execute(params![table, message.batch.as_str(), message.send, AT_ONCE, WAITING])?;
    Ok(())
}

fn receive(
    transaction: &Transaction<'_>,
    batches: &KnownBatches,
) -> Result<Option<Delivery>, Fault> {
    let connection = transaction.connection;
    let sql = heads!(
        "SELECT heads.number, tables.name, heads.batch, heads.send, heads.receives
        FROM heads JOIN tables ON tables.id = heads.table_id
        WHERE heads.state = 0 AND (heads.due_at_ms <= ?1 OR heads.due_at_ms > ?2)
        ORDER BY heads.number LIMIT 1"
    );
    let latest_ms = transaction.now_ms.saturating_add(DELAY_MAX_MS);
    let found: Option<(i64, String, String, u32, u32)> = connection
        .prepare_cached(sql)?
        .query_row((transaction.now_ms, latest_ms), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let Some((number, table, batch, send, receives)) = found else {
        return Ok(None);
    };
    let batch: BatchId = batches.id(connection, &batch)?;
    let receives = receives.saturating_add(1);
    connection
        .prepare_cached("UPDATE messages SET state = ?2, receives = ?3 WHERE number = ?1")?
        .execute((number, OUT, receives))?;
    Ok(Some(Delivery {
        message: BatchMessage { table: table_name(&table)?, batch, send },
        receives,
        receipt: Receipt(format!("{number}.{receives}")),
    }))
}

/// The number of a message and how often it had been handed out.
fn delivery(receipt: &Receipt) -> Option<(i64, u32)> {
    let (number, receives) = receipt.0.split_once('.')?;
    Some((number.parse().ok()?, receives.parse().ok()?))
}

//! The thread that writes: whatever waits becomes one transaction.

use super::connection;
use super::fault::{Damage, Fault};
use super::figures::Counters;
use super::jobs::Jobs;
use super::limits::{CHECKPOINT_PAGES, GROUP_BYTES_MAX, GROUP_JOBS_MAX};
use super::options::Clock;
use super::transaction::{TableIds, Transaction};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::oneshot;

/// One change, all of it or nothing.
pub(super) trait WriteJob: Send {
    /// Does it within the transaction, and keeps what it found out for the answer.
    fn run(&mut self, transaction: &Transaction<'_>) -> Result<(), Fault>;

    /// Tells the caller, once the transaction is durable or `failure` made it none.
    fn answer(self: Box<Self>, failure: Option<&Fault>);
}

pub(super) type WriteJobs = Jobs<Box<dyn WriteJob>>;

/// A [`WriteJob`] that calls a function.
pub(super) struct Write<T, F> {
    work: Option<F>,
    done: Option<Result<T, Fault>>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T, F> Write<T, F> {
    pub(super) fn new(work: F, reply: oneshot::Sender<Result<T, Fault>>) -> Self {
        Write { work: Some(work), done: None, reply }
    }
}

impl<T, F> WriteJob for Write<T, F>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send,
{
    fn run(&mut self, transaction: &Transaction<'_>) -> Result<(), Fault> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        // A panic was told by the hook. It fails this job like any other failure does: what it did is
        // rolled back, and the thread goes on to serve its neighbours.
        let done = catch_unwind(AssertUnwindSafe(|| work(transaction)))
            .unwrap_or_else(|_| Err(Damage::Panicked.into()));
        let outcome = done.as_ref().map(|_| ()).map_err(Clone::clone);
        self.done = Some(done);
        outcome
    }

    fn answer(self: Box<Self>, failure: Option<&Fault>) {
        let answer = match (self.done, failure) {
            // Its own failure says more than that of its neighbour.
            (Some(Err(own)), _) => Err(own),
            (_, Some(failure)) => Err(failure.clone()),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => Err(Fault::Stopped),
        };
        // Nobody may be waiting any more.
        let _ = self.reply.send(answer);
    }
}

/// The state of the writing thread.
pub(super) struct Writer {
    path: PathBuf,
    /// None after a failure that leaves the connection in doubt.
    connection: Option<Connection>,
    tables: TableIds,
    clock: Clock,
    counters: Arc<Counters>,
}

/// Ends the queue when the thread ends, by a panic too: then the callers are told at once, and
/// nothing is accepted any more.
struct EndWithThread<'j>(&'j WriteJobs);

impl Drop for EndWithThread<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Writer {
    pub(super) fn new(
        path: PathBuf,
        connection: Connection,
        clock: Clock,
        counters: Arc<Counters>,
    ) -> Self {
        Writer { path, connection: Some(connection), tables: TableIds::default(), clock, counters }
    }

    /// Writes until the queue has ended, then moves the WAL into the file.
    pub(super) fn run(mut self, jobs: &WriteJobs) {
        let _end = EndWithThread(jobs);
        while let Some(mut group) = jobs.take(GROUP_JOBS_MAX, GROUP_BYTES_MAX) {
            let failure = self.write(&mut group.jobs).err();
            self.counters.groups.fetch_add(1, Relaxed);
            self.counters.writes.fetch_add(group.jobs.len() as u64, Relaxed);
            // First the room, then the answer: who was answered may put again.
            jobs.give_back(group.held);
            for job in group.jobs {
                job.answer(failure.as_ref());
            }
            // Where the WAL cannot grow, it may still be moved and begun again.
            let pages = if failure.is_some() { 1 } else { CHECKPOINT_PAGES };
            self.checkpoint(pages);
        }
        if let Some(connection) = &self.connection {
            // If it fails, the next start reads the WAL.
            let _ = checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }

    /// One transaction. An error fails every job of it.
    fn write(&mut self, jobs: &mut [Box<dyn WriteJob>]) -> Result<(), Fault> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connection::open_writer(&self.path)?,
        };
        let transaction = Transaction {
            connection: &connection,
            now_ms: self.clock.now_ms(),
            tables: &self.tables,
        };
        let Err(fault) = write_group(&transaction, jobs) else {
            self.connection = Some(connection);
            return Ok(());
        };
        self.tables.forget();
        let rolled_back = connection.is_autocommit() || statement(&connection, "ROLLBACK").is_ok();
        if rolled_back && !fault.spoils_connection() {
            self.connection = Some(connection);
        }
        Err(fault)
    }

    /// Moves the WAL into the file once it has so many pages that are not in it, while nobody waits
    /// for an answer.
    fn checkpoint(&self, pages_min: i64) {
        let Some(connection) = &self.connection else {
            return;
        };
        let pages = checkpoint(connection, "PRAGMA wal_checkpoint(NOOP)");
        if pages.is_ok_and(|(wal, moved)| wal - moved >= pages_min) {
            // If it fails, the WAL stays and grows until it succeeds; nothing is lost.
            let _ = checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)");
            self.counters.checkpoints.fetch_add(1, Relaxed);
        }
    }
}

fn write_group(transaction: &Transaction<'_>, jobs: &mut [Box<dyn WriteJob>]) -> Result<(), Fault> {
    let connection = transaction.connection;
    // Immediate: another process that holds the file is met here, before anything is done.
    statement(connection, "BEGIN IMMEDIATE")?;
    for job in jobs {
        statement(connection, "SAVEPOINT job")?;
        if let Err(fault) = job.run(transaction) {
            // SQLite itself ends the transaction when a statement finds the disk full.
            if connection.is_autocommit() || fault.spoils_connection() {
                return Err(fault);
            }
            // Only this job: its neighbours stay.
            transaction.tables.forget();
            statement(connection, "ROLLBACK TO job")?;
        }
        statement(connection, "RELEASE job")?;
    }
    statement(connection, "COMMIT")
}

fn statement(connection: &Connection, sql: &str) -> Result<(), Fault> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// Answers the pages of the WAL, and how many of them are in the file.
fn checkpoint(connection: &Connection, pragma: &str) -> Result<(i64, i64), Fault> {
    let pages = |row: &rusqlite::Row<'_>| Ok((row.get(1)?, row.get(2)?));
    Ok(connection.prepare_cached(pragma)?.query_row([], pages)?)
}

//! The engine: threads of its own, turns, and the way of one query.

use crate::answer::{QueryResult, Running};
use crate::error::SqlError;
use crate::format::ResultFormat;
use crate::limits::{STACK_BYTES, SqlLimits, THREADS_MAX};
use crate::session::Sessions;
use sluice_one_machine::Snapshot;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

/// Answers SQL over the lake in one folder.
///
/// Queries run on threads of their own, so that they never starve the runtime that calls. Dropping
/// the engine cancels what runs; open answers then end with [`SqlError::Stopped`].
#[derive(Debug)]
pub struct SqlEngine {
    sessions: Arc<Sessions>,
    lake_root: Arc<Path>,
    limits: SqlLimits,
    turns: Arc<Semaphore>,
    /// Taken only by `drop`.
    runtimes: Option<Runtimes>,
}

#[derive(Debug)]
struct Runtimes {
    queries: Runtime,
    /// Runs nothing but timers: a query that does not yield holds up its own thread only.
    clock: Runtime,
}

impl SqlEngine {
    /// An engine over the lake in `lake_root`, an existing folder.
    ///
    /// # Errors
    /// [`SqlError::Engine`] when the folder, the spill folder or threads cannot be had.
    pub fn new(lake_root: PathBuf, limits: SqlLimits) -> Result<Self, SqlError> {
        let sessions = Sessions::new(&lake_root, &limits)
            .map_err(|error| SqlError::Engine(Box::new(error)))?;
        let runtimes = Runtimes::new(&limits).map_err(|error| SqlError::Engine(Box::new(error)))?;
        Ok(SqlEngine {
            sessions: Arc::new(sessions),
            lake_root: lake_root.into(),
            turns: Arc::new(Semaphore::new(limits.queries_at_once)),
            limits,
            runtimes: Some(runtimes),
        })
    }

    /// Runs one reading statement over `snapshot` and answers in `format`.
    ///
    /// Returns once the first bytes are there, so that an error before them is an error here;
    /// later ones are items of the stream. Dropping the future or the result cancels the query.
    ///
    /// # Errors
    /// [`SqlError`], see its variants.
    pub async fn query(
        &self,
        snapshot: Arc<Snapshot>,
        sql: &str,
        format: ResultFormat,
    ) -> Result<QueryResult, SqlError> {
        let Some(runtimes) = &self.runtimes else { return Err(SqlError::Stopped) };
        if sql.len() > self.limits.sql_bytes_max {
            let bytes_max = self.limits.sql_bytes_max;
            return Err(SqlError::TooLong { bytes: sql.len(), bytes_max });
        }
        let turn = Arc::clone(&self.turns)
            .try_acquire_owned()
            .map_err(|_| SqlError::Busy { queries_at_once: self.limits.queries_at_once })?;
        let running = Running {
            sessions: Arc::clone(&self.sessions),
            lake_root: Arc::clone(&self.lake_root),
            snapshot,
            sql: sql.to_owned(),
            format,
            _turn: turn,
        };
        let result = QueryResult::start(
            running,
            runtimes.queries.handle(),
            runtimes.clock.handle(),
            self.limits.timeout,
        );
        result.with_first_bytes().await
    }
}

impl Drop for SqlEngine {
    fn drop(&mut self) {
        if let Some(runtimes) = self.runtimes.take() {
            // Not waiting: this may be a thread that must not block.
            runtimes.queries.shutdown_background();
            runtimes.clock.shutdown_background();
        }
    }
}

impl Runtimes {
    fn new(limits: &SqlLimits) -> std::io::Result<Self> {
        let threads = limits.threads.saturating_mul(limits.queries_at_once);
        let queries = Builder::new_multi_thread()
            .worker_threads(threads.clamp(1, THREADS_MAX))
            .thread_name("sluice-sql")
            .thread_stack_size(STACK_BYTES)
            .max_blocking_threads(FILE_THREADS_MAX)
            .enable_time()
            .build()?;
        let clock = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sluice-sql-clock")
            .enable_time()
            .build()?;
        Ok(Runtimes { queries, clock })
    }
}

/// Threads that read files.
const FILE_THREADS_MAX: usize = 16;

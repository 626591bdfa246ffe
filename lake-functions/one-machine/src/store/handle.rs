//! The handle: what opens a store, asks it, and closes it.

use super::batch_ids::KnownBatches;
use super::connection::{self, Found};
use super::fault::Fault;
use super::figures::Counters;
use super::jobs::{Held, Jobs, Weight};
use super::leftovers;
use super::limits::{READS_WAITING_MAX, STORE_FORMAT};
use super::options::StoreOptions;
use super::queue;
use super::reader::{self, Read, ReadJobs, at_one_moment};
use super::transaction::Transaction;
use super::writer::{Write, WriteJobs, Writer};
use crate::durable;
use rusqlite::Connection;
use sluice_pipeline::PortError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

/// A handle on the store. Cheap to clone; the store closes with its last handle.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writes: Arc<WriteJobs>,
    reads: Arc<ReadJobs>,
    counters: Arc<Counters>,
    batches: Arc<KnownBatches>,
    /// The newest batch there was when the store was opened.
    newest_found: i64,
    /// Readers first: the last connection to go is the writer's, which empties the WAL.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Written by a newer Sluice; nothing was changed.
    #[error("the store has format {found}; this build knows formats up to {STORE_FORMAT}")]
    Newer {
        /// The file's format.
        found: i64,
    },
    /// The file cannot be used.
    #[error(transparent)]
    Port(#[from] PortError),
    /// No thread could be started, or no folder made.
    #[error("start the store")]
    Start(#[source] io::Error),
}

impl Store {
    /// Opens the store at `path`, and creates it and the folders above it if they are missing.
    /// Messages that are not set aside are due at once. The caller sees to it that
    /// no other process has the store open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let failed = |fault: Fault| StoreError::Port(fault.at(format!("open {}", path.display())));
        let folder = durable::parent_of(path);
        durable::create_folders(folder).map_err(StoreError::Start)?;
        let connection = match connection::open_or_create(path).map_err(failed)? {
            Found::Store(connection) => connection,
            Found::Newer(found) => return Err(StoreError::Newer { found }),
        };
        durable::sync_folder(folder).map_err(StoreError::Start)?;
        queue::all_back(&connection).map_err(failed)?;
        let newest_found = leftovers::newest_batch(&connection).map_err(failed)?;

        let counters = Arc::new(Counters::default());
        let inner = Inner {
            path: path.to_owned(),
            writes: Arc::new(Jobs::new(options.queued_puts_max, options.queued_bytes_max)),
            reads: Arc::new(Jobs::new(READS_WAITING_MAX, usize::MAX)),
            counters: Arc::clone(&counters),
            batches: Arc::default(),
            newest_found,
            threads: Mutex::default(),
        };
        // From here on dropping `inner` ends the threads that were started.
        for _ in 0..options.reader_threads.max(1) {
            let (path, reads) = (inner.path.clone(), Arc::clone(&inner.reads));
            inner.start("store-reader", move || reader::run(&path, &reads))?;
        }
        let writer = Writer::new(inner.path.clone(), connection, options.clock, counters);
        let writes = Arc::clone(&inner.writes);
        inner.start("store-writer", move || writer.run(&writes))?;
        Ok(Store { inner: Arc::new(inner) })
    }

    /// Writes what waits, moves the WAL into the file and ends the threads; blocks until that is
    /// done. All later calls, of other handles too, fail as unavailable.
    pub fn close(&self) {
        self.inner.close();
    }

    /// A change that the platform itself makes.
    pub(super) async fn write<T, F>(&self, what: String, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.write_weighing(Weight::Exempt, what, work).await
    }

    /// A change that is durable when its future is ready. `what`: a verb phrase naming ids.
    pub(super) async fn write_weighing<T, F>(
        &self,
        weight: Weight,
        what: String,
        work: F,
    ) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let pushed = self.inner.writes.push(Box::new(Write::new(work, reply)), weight);
        settle(pushed, answer).await.map_err(|fault| fault.at(what))
    }

    /// A question that a reading thread answers. `what`: a verb phrase naming ids.
    pub(super) async fn read<T, F>(&self, what: String, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let weight = Weight::Counted { bytes: 0 };
        let pushed = self.inner.reads.push(Box::new(Read::new(work, reply)), weight);
        settle(pushed, answer).await.map_err(|fault| fault.at(what))
    }

    /// A question that this thread answers itself, over a connection of its own.
    pub(super) fn read_here<T>(
        &self,
        what: &str,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, PortError> {
        let opened = connection::open_reader(&self.inner.path);
        let answer = opened.and_then(|connection| at_one_moment(&connection, work));
        answer.map_err(|fault| fault.at(what.to_owned()))
    }

    pub(super) fn batches(&self) -> &Arc<KnownBatches> {
        &self.inner.batches
    }

    /// Batches up to this number are of earlier processes.
    pub(super) fn newest_found(&self) -> i64 {
        self.inner.newest_found
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.inner.counters
    }

    pub(super) fn queued(&self) -> Held {
        self.inner.writes.held()
    }
}

async fn settle<T>(
    pushed: Result<(), Fault>,
    answer: oneshot::Receiver<Result<T, Fault>>,
) -> Result<T, Fault> {
    pushed?;
    answer.await.unwrap_or(Err(Fault::Stopped))
}

impl Inner {
    fn start(&self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
        let thread = thread.map_err(StoreError::Start)?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    fn close(&self) {
        self.reads.end();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = threads.pop();
        let join = |thread: JoinHandle<()>| {
            // A panic was told by the hook, and to everybody who asked since.
            let _ = thread.join();
        };
        threads.drain(..).for_each(join);
        self.writes.end();
        writer.into_iter().for_each(join);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

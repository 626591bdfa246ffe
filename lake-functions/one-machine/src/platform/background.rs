//! The threads behind the front door: one makes batches of new documents, some normalize, one
//! merges parts.

use super::adapters::IndexedStore;
use super::counters::Counters;
use super::events::{Event, EventSink};
use super::rebuild::Rebuilds;
use super::settings_file::SettingsFile;
use super::tidy::Tidy;
use super::wake::{Bell, Woken};
use crate::lake_folder::LakeFolder;
use crate::store::{DELAY_MAX, Store};
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_pipeline::limits::WHOLE_TRIES_MAX;
use sluice_pipeline::{
    BatchMessage, Committed, Delivery, DispatchLimits, Disposition, NormalizeError, Normalizer,
    PortError, Receipt, SettingsInForce, WorkQueue, dispatch,
};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Documents dispatched in one go.
const ANNOUNCED_MAX: usize = 50_000;

/// Their bodies, bytes.
const ANNOUNCED_BYTES_MAX: u64 = 256_000_000;

/// Tables whose next batch is due beyond which no more batches are made: the normalizers have enough to
/// do, and documents that wait together make larger batches than documents that are sent at once.
const TABLES_DUE_MAX: u64 = 200;

/// The wait after a first failed try; it doubles with each further one.
const RETRY_FIRST: Duration = Duration::from_millis(500);

/// The longest wait between tries: a disk that has room again should not be waited for.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Tries of a batch that end in a panic; after that a person must look.
const TRIES_MAX: u32 = 2 * WHOLE_TRIES_MAX;

const _: () = assert!(RETRY_MAX.as_millis() <= DELAY_MAX.as_millis());

/// A bell is answered by looking; this is how often to look all the same.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

fn is_panic(error: &NormalizeError) -> bool {
    matches!(error, NormalizeError::Panicked { .. })
}

/// A bug: work ended in a panic, which the hook told.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("it panicked")]
pub(super) struct Panicked;

/// What the queue is told of a message.
#[derive(Debug, Clone, Copy)]
enum Settlement {
    Done,
    Again(Duration),
    Aside,
}

/// What the threads share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) indexed: IndexedStore,
    pub(super) lake: LakeFolder,
    settings: RwLock<Arc<SettingsInForce>>,
    pub(super) settings_file: SettingsFile,
    /// Held while batches are made.
    pub(super) dispatching: Mutex<()>,
    pub(super) rebuilds: Rebuilds,
    pub(super) linger: Duration,
    pub(super) events: EventSink,
    pub(super) counters: Counters,
    pub(super) tidy: Tidy,
    /// Documents came.
    pub(super) arrived: Bell,
    /// Messages came.
    pub(super) queued: Bell,
    /// Batches were committed.
    pub(super) committed: Bell,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Shared {
    pub(super) fn new(
        indexed: IndexedStore,
        lake: LakeFolder,
        settings: SettingsInForce,
        settings_file: SettingsFile,
        linger: Duration,
        events: EventSink,
    ) -> Self {
        Shared {
            indexed,
            lake,
            settings: RwLock::new(Arc::new(settings)),
            settings_file,
            dispatching: Mutex::default(),
            rebuilds: Rebuilds::default(),
            linger,
            events,
            counters: Counters::default(),
            tidy: Tidy::default(),
            arrived: Bell::default(),
            queued: Bell::default(),
            committed: Bell::default(),
            threads: Mutex::default(),
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.indexed.store
    }

    /// The settings in force now.
    pub(super) fn settings(&self) -> Arc<SettingsInForce> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other settings in force, for batches planned from now on.
    pub(super) fn use_settings(&self, settings: SettingsInForce) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    pub(super) fn tell_failed(
        &self,
        what: &'static str,
        error: &(dyn std::error::Error + 'static),
    ) {
        self.events.tell(&Event::Failed { what, error });
    }

    /// Does some work of a thread that goes on even if the work panics. Answers none then.
    pub(super) fn guarded<T>(&self, what: &'static str, work: impl FnOnce() -> T) -> Option<T> {
        // What the platform's threads share is behind locks that a panic does not spoil.
        let done = catch_unwind(AssertUnwindSafe(work)).ok();
        if done.is_none() {
            self.tell_failed(what, &Panicked);
        }
        done
    }

    pub(super) fn normalizer(&self) -> Normalizer<Store, IndexedStore, LakeFolder, IndexedStore> {
        Normalizer {
            ingress: self.indexed.store.clone(),
            ledger: self.indexed.clone(),
            lake: self.lake.clone(),
            catalog: self.indexed.clone(),
        }
    }

    /// Starts the threads.
    pub(super) fn start(self: &Arc<Self>) -> io::Result<()> {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        // At least two: a batch waits for the disk much of its time.
        let workers = processors.clamp(2, 4);
        self.spawn("dispatcher".to_owned(), Shared::dispatch_documents)?;
        for worker in 0..workers {
            self.spawn(format!("normalizer-{worker}"), Shared::normalize_batches)?;
        }
        self.spawn("merger".to_owned(), Shared::merge_parts)
    }

    /// Starts a thread that [`Shared::stop`] waits for.
    pub(super) fn spawn(
        self: &Arc<Self>,
        name: String,
        run: impl FnOnce(&Shared) + Send + 'static,
    ) -> io::Result<()> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = Arc::clone(self);
        threads.push(thread::Builder::new().name(name).spawn(move || run(&shared))?);
        Ok(())
    }

    /// Ends the work at hand and the threads.
    pub(super) fn stop(&self) {
        for bell in [&self.arrived, &self.queued, &self.committed] {
            bell.stop();
        }
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A panic was told by the hook; what it left undone, the next start does.
            let _ = thread.join();
        }
    }

    fn dispatch_documents(&self) {
        let mut heard = 0;
        // What the last process left comes first.
        let mut left = true;
        let mut told = None;
        loop {
            if !left {
                match self.arrived.wait(&mut heard, LOOK_AGAIN) {
                    Woken::Stop => return,
                    // Those who post together end in one batch.
                    Woken::Work if self.arrived.pause(self.linger) => return,
                    Woken::Work | Woken::Time => {}
                }
            }
            let done = self.guarded("make batches", || self.dispatch_round(&mut told));
            left = match done {
                Some(Ok(more)) => more,
                failed => {
                    if let Some(Err(error)) = failed {
                        self.tell_failed("make batches", &error);
                    }
                    if self.arrived.pause(RETRY_FIRST) {
                        return;
                    }
                    true
                }
            };
            if self.arrived.stopped() {
                return;
            }
        }
    }

    /// `told`: what was said of settings that cannot be used, to say it once and not in every round.
    fn dispatch_round(&self, told: &mut Option<String>) -> Result<bool, PortError> {
        let unusable = self.reload_settings().err();
        let text = unusable.as_ref().map(ToString::to_string);
        let news = unusable.filter(|_| text != *told);
        *told = text;
        if let Some(error) = news {
            self.tell_failed("use the changed settings", &error);
        }
        while block_on(self.store().tables_due(super::now_ms()))? > TABLES_DUE_MAX {
            if self.arrived.pause(self.linger) {
                return Ok(true);
            }
        }
        self.dispatch_some()
    }

    /// Makes batches of new documents; whether there may be more than fit one go.
    fn dispatch_some(&self) -> Result<bool, PortError> {
        let _one_at_a_time = self.dispatching.lock().unwrap_or_else(PoisonError::into_inner);
        block_on(self.dispatch_now())
    }

    async fn dispatch_now(&self) -> Result<bool, PortError> {
        let store = self.store();
        for (table, batch) in store.uncommitted_batches().await? {
            store.send(&BatchMessage { table, batch, send: 0 }).await?;
            self.queued.ring();
        }
        let found = store.undispatched(ANNOUNCED_MAX, ANNOUNCED_BYTES_MAX).await?;
        let Some(&(last, _)) = found.last() else {
            return Ok(false);
        };
        let heads: Vec<_> = found.into_iter().map(|(_, head)| head).collect();
        let bytes: u64 = heads.iter().map(|head| head.bytes).sum();
        let full = heads.len() == ANNOUNCED_MAX || bytes > ANNOUNCED_BYTES_MAX / 2;
        dispatch(&self.indexed, store, &heads, &DispatchLimits::default()).await?;
        store.dispatched_up_to(last).await?;
        self.queued.ring();
        Ok(full)
    }

    fn normalize_batches(&self) {
        let mut heard = 0;
        loop {
            if self.queued.stopped() {
                return;
            }
            match block_on(self.store().receive()) {
                Ok(Some(delivery)) => self.normalize_one(&delivery),
                Ok(None) => {
                    let wait = block_on(self.until_due()).unwrap_or(RETRY_FIRST);
                    if self.queued.wait(&mut heard, wait) == Woken::Stop {
                        return;
                    }
                }
                Err(error) => {
                    self.events.tell(&Event::Failed { what: "receive a batch", error: &error });
                    if self.queued.pause(RETRY_FIRST) {
                        return;
                    }
                }
            }
        }
    }

    async fn until_due(&self) -> Result<Duration, PortError> {
        let due = self.store().next_due_at_ms().await?;
        let left_ms = due.map(|due_at_ms| u64::try_from(due_at_ms - super::now_ms()).unwrap_or(0));
        Ok(left_ms.map_or(LOOK_AGAIN, |ms| Duration::from_millis(ms + 1).min(LOOK_AGAIN)))
    }

    fn normalize_one(&self, delivery: &Delivery) {
        let message = &delivery.message;
        let normalizer = self.normalizer();
        let settings = self.settings();
        // Nothing of a try outlives a panic; the thread has other tables to serve.
        let done = catch_unwind(AssertUnwindSafe(|| {
            block_on(normalizer.normalize(message, delivery.receives, &settings))
        }));
        let settlement = match done
            .unwrap_or_else(|_| Err(NormalizeError::Panicked { batch: message.batch.to_string() }))
        {
            Ok(batches) => {
                for Committed { report, parts } in &batches {
                    self.counters.add_batch(report, parts);
                    self.tell_committed(&message.table, message.batch.as_str(), report);
                }
                self.committed.ring();
                Settlement::Done
            }
            Err(error) => {
                self.counters.add(|sums| sums.batch_failures += 1);
                let batch = message.batch.as_str();
                let given_up = delivery.receives >= TRIES_MAX && is_panic(&error);
                match error.disposition() {
                    Disposition::Retry if !given_up => {
                        let doublings = delivery.receives.saturating_sub(1).min(10);
                        let after = (RETRY_FIRST * (1 << doublings)).min(RETRY_MAX);
                        self.events.tell(&Event::Retry { batch, error: &error, after });
                        Settlement::Again(after)
                    }
                    Disposition::Retry | Disposition::Stop => {
                        self.events.tell(&Event::Stopped { batch, error: &error });
                        Settlement::Aside
                    }
                }
            }
        };
        // What failed the batch may fail this too, a full disk for one. Its table waits behind the
        // message, so it is settled however long that takes; after a stop it comes again.
        while let Err(error) = block_on(self.settle(&delivery.receipt, settlement)) {
            self.tell_failed("answer the queue", &error);
            if self.queued.pause(RETRY_FIRST) {
                return;
            }
        }
        // The next of this table is due now.
        self.queued.ring();
    }

    async fn settle(&self, receipt: &Receipt, settlement: Settlement) -> Result<(), PortError> {
        match settlement {
            Settlement::Done => self.store().delete(receipt).await,
            Settlement::Again(after) => self.store().release(receipt, after).await,
            Settlement::Aside => self.store().set_aside(receipt).await,
        }
    }

    fn tell_committed(&self, table: &TableName, batch: &str, report: &sluice_normalizer::Report) {
        for conflict in &report.conflicts {
            self.events.tell(&Event::Conflict { table, conflict });
        }
        self.events.tell(&Event::Committed {
            batch,
            table,
            documents: report.documents,
            rows: report.tables.iter().map(|table| table.rows).sum(),
            rejects: report.rejects.values().sum(),
        });
    }
}

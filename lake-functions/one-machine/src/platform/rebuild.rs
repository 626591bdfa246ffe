//! Rebuilding a table: its documents are replayed into the next generation beside the running one,
//! under the settings in force, and one step makes that generation the one that is seen.

use super::background::Shared;
use super::changes::{Changes, changes};
use crate::store::{GenerationChange, Seq};
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_pipeline::{
    Batch, BatchMessage, Committed, DispatchLimits, Ledger, NormalizeError, PortError,
    SettingsInForce, group, limits::BATCH_DOCUMENTS_MAX, limits::WHOLE_TRIES_MAX,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a switch waits for the batches at work.
const SWITCH_WAITS: Duration = Duration::from_secs(60);

/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How far a rebuild is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuildView {
    /// The generation that is replayed into.
    pub generation: u32,
    /// How far it is.
    pub state: RebuildState,
    /// Documents replayed.
    pub documents: u64,
    /// Documents there were to replay when it started.
    pub documents_total: u64,
    /// Documents whose bodies were removed, and whose rows will not be there.
    pub removed: u64,
    /// What would change, once it is ready.
    pub changes: Option<Changes>,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebuildState {
    /// Documents are being replayed.
    Running,
    /// It can be switched to.
    Ready,
    /// It ended with an error, which an event told; the running generation is as it was.
    Failed,
    /// It is the generation that is seen.
    Switched,
}

/// Why a rebuild did not start or switch. The running generation is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// No document of the table is normalized yet.
    #[error("there is no table {table}")]
    UnknownTable {
        /// The table.
        table: TableName,
    },
    /// Rows would be lost.
    #[error(
        "{documents} documents of {table} were removed by retention while their rows are kept; \
         a rebuild would lose those rows"
    )]
    Removed {
        /// The table.
        table: TableName,
        /// How many.
        documents: u64,
    },
    /// There is no rebuild to switch to.
    #[error("no rebuild of {table} is ready")]
    NotReady {
        /// The table.
        table: TableName,
    },
    /// Batches of the running generation did not end in time, or need a person.
    #[error("{table} has {batches} batches that are not committed")]
    Busy {
        /// The table.
        table: TableName,
        /// How many.
        batches: u64,
    },
    /// The platform closes.
    #[error("the platform is closing")]
    Closing,
    /// A document could not be replayed.
    #[error(transparent)]
    Normalize(#[from] NormalizeError),
    /// The store failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The rebuilds since the start, one a table.
#[derive(Debug, Default)]
pub(super) struct Rebuilds {
    jobs: Mutex<BTreeMap<TableName, Job>>,
}

#[derive(Debug, Clone)]
struct Job {
    view: RebuildView,
    settings: Arc<SettingsInForce>,
    /// Replayed up to here.
    after: Seq,
    rejects: BTreeMap<String, u64>,
}

impl Rebuilds {
    fn locked(&self) -> MutexGuard<'_, BTreeMap<TableName, Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn view(&self, table: &TableName) -> Option<RebuildView> {
        self.locked().get(table).map(|job| job.view.clone())
    }

    fn change(&self, table: &TableName, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.locked().get_mut(table) {
            change(job);
        }
    }

    fn job(&self, table: &TableName) -> Option<Job> {
        self.locked().get(table).cloned()
    }
}

impl Shared {
    /// Starts a rebuild, or tells of the one that runs.
    pub(super) async fn start_rebuild(
        self: &Arc<Self>,
        table: &TableName,
        without_removed: bool,
    ) -> Result<RebuildView, RebuildError> {
        let store = self.store();
        if store.table_totals(table).await?.is_none() {
            return Err(RebuildError::UnknownTable { table: table.clone() });
        }
        let there = store.replayable(table).await?;
        if there.removed > 0 && !without_removed {
            return Err(RebuildError::Removed { table: table.clone(), documents: there.removed });
        }
        let generation = store.unused_generation(table).await?;
        let view = RebuildView {
            generation,
            state: RebuildState::Running,
            documents: 0,
            documents_total: there.documents,
            removed: there.removed,
            changes: None,
        };
        {
            let mut jobs = self.rebuilds.locked();
            if let Some(job) = jobs.get(table).filter(|j| j.view.state == RebuildState::Running) {
                return Ok(job.view.clone());
            }
            let settings = self.settings();
            let (after, rejects) = (Seq::START, BTreeMap::new());
            jobs.insert(table.clone(), Job { view: view.clone(), settings, after, rejects });
        }
        let name = table.clone();
        let spawned = self.spawn(format!("rebuild-{table}"), move |shared| shared.rebuild(&name));
        if spawned.is_err() {
            self.rebuilds.change(table, |job| job.view.state = RebuildState::Failed);
            return Err(RebuildError::Closing);
        }
        Ok(view)
    }

    fn rebuild(&self, table: &TableName) {
        let done = self.drop_unseen(table).and_then(|()| self.replay(table));
        let state = match &done {
            Ok(()) => RebuildState::Ready,
            Err(error) => {
                self.tell_failed("rebuild a table", error);
                RebuildState::Failed
            }
        };
        let changes = done.is_ok().then(|| self.changes_of(table)).flatten();
        self.rebuilds.change(table, |job| {
            job.view.state = state;
            job.view.changes = changes;
        });
    }

    /// Replays what is not replayed yet.
    fn replay(&self, table: &TableName) -> Result<(), RebuildError> {
        let Some(mut job) = self.rebuilds.job(table) else {
            return Ok(());
        };
        let (generation, settings) = (job.view.generation, Arc::clone(&job.settings));
        loop {
            let documents = self.store().documents_to_replay(table, job.after, BATCH_DOCUMENTS_MAX);
            let documents = block_on(documents)?;
            let Some(&(last, _)) = documents.last() else {
                return Ok(());
            };
            let heads: Vec<_> = documents.into_iter().map(|(_, head)| head).collect();
            for batch in group(&heads, &|_| generation, &DispatchLimits::default()) {
                if self.arrived.stopped() {
                    return Err(RebuildError::Closing);
                }
                let committed = self.replay_batch(&batch, &settings)?;
                for (code, count) in committed.into_iter().flat_map(|batch| batch.report.rejects) {
                    *job.rejects.entry(code).or_default() += count;
                }
                job.view.documents += batch.documents.len() as u64;
                let (done, rejects) = (job.view.documents, job.rejects.clone());
                self.rebuilds.change(table, |job| {
                    job.view.documents = done;
                    job.rejects = rejects;
                });
            }
            job.after = last;
            self.rebuilds.change(table, |job| job.after = last);
        }
    }

    fn replay_batch(
        &self,
        batch: &Batch,
        settings: &SettingsInForce,
    ) -> Result<Vec<Committed>, RebuildError> {
        block_on(self.store().create_batch(batch))?;
        let message = BatchMessage { table: batch.table.clone(), batch: batch.id.clone(), send: 0 };
        let normalizer = self.normalizer();
        let try_it = |receives| block_on(normalizer.normalize(&message, receives, settings));
        let done = match try_it(1) {
            Err(NormalizeError::Panicked { .. }) => try_it(WHOLE_TRIES_MAX + 1),
            done => done,
        };
        Ok(done?)
    }

    /// Makes a ready rebuild the generation that is seen; blocks for as long as the last documents
    /// take.
    pub(super) fn switch(&self, table: &TableName) -> Result<RebuildView, RebuildError> {
        let ready = |job: &Job| job.view.state == RebuildState::Ready;
        let job = self.rebuilds.job(table).filter(ready);
        let to =
            job.ok_or_else(|| RebuildError::NotReady { table: table.clone() })?.view.generation;
        // Documents that came meanwhile, as long as that makes no difference to anybody.
        self.replay(table)?;
        // From here on no batch of the old generation is made.
        let _hold = self.dispatching.lock().unwrap_or_else(PoisonError::into_inner);
        self.wait_for_open_batches(table)?;
        self.replay(table)?;
        let from = block_on(self.store().generation(table))?;
        let ahead = block_on(self.indexed.ahead());
        match block_on(self.store().set_generation(table, from, to))? {
            GenerationChange::Done => {}
            GenerationChange::Other { .. } => {
                return Err(RebuildError::NotReady { table: table.clone() });
            }
            GenerationChange::Behind { open_batches, .. } => {
                return Err(RebuildError::Busy { table: table.clone(), batches: open_batches });
            }
        }
        let changes = self.changes_of(table);
        self.indexed.index.switch(table.as_str(), to);
        drop(ahead);
        self.rebuilds.change(table, |job| {
            job.view.state = RebuildState::Switched;
            job.view.changes = changes;
        });
        self.drop_unseen(table)?;
        let view = self.rebuilds.view(table);
        view.ok_or_else(|| RebuildError::NotReady { table: table.clone() })
    }

    fn wait_for_open_batches(&self, table: &TableName) -> Result<(), RebuildError> {
        let started = Instant::now();
        loop {
            let batches = block_on(self.store().open_batches(table))?;
            if batches == 0 {
                return Ok(());
            }
            if started.elapsed() > SWITCH_WAITS {
                return Err(RebuildError::Busy { table: table.clone(), batches });
            }
            if self.arrived.pause(LOOK_AGAIN) {
                return Err(RebuildError::Closing);
            }
        }
    }

    /// Retires the parts of generations that are neither seen nor being made.
    fn drop_unseen(&self, table: &TableName) -> Result<(), RebuildError> {
        let made = self.rebuilds.view(table).filter(|v| v.state != RebuildState::Failed);
        let kept = made.map(|view| view.generation);
        block_on(self.store().retire_other_generations(table, kept))?;
        let current = block_on(self.store().generation(table))?;
        let gone = self.indexed.index.forget_but(table.as_str(), &[Some(current), kept]);
        self.tidy.retire(gone);
        Ok(())
    }

    fn changes_of(&self, table: &TableName) -> Option<Changes> {
        let job = self.rebuilds.job(table)?;
        let totals = block_on(self.store().table_totals(table)).ok()??;
        let index = &self.indexed.index;
        let before = index.generation(table.as_str(), totals.generation)?;
        let after = index.generation(table.as_str(), job.view.generation).unwrap_or_default();
        Some(changes(&before, &after, totals.rejects, job.rejects))
    }
}

//! Rebuilding a table: its documents are replayed into the next generation beside the running one,
//! under the settings in force, and one step makes that generation the one that is seen.
//!
//! Whoever makes, switches to or drops a generation of a table holds the state [`RebuildState::Running`]
//! or [`RebuildState::Switching`] of its job; one at a time can.

mod replay;
mod switch;

use super::background::Shared;
use super::changes::{Changes, changes};
use crate::store::Seq;
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_pipeline::{Disposition, Ledger, NormalizeError, PortError, SettingsInForce};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rows of what a dropped generation left that go in one transaction: posts wait for it.
const FORGET_ROWS: usize = 2_000;

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
    /// What would change, once it is ready; what has changed, once it is switched to.
    pub changes: Option<Changes>,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebuildState {
    /// Documents are being replayed.
    Running,
    /// It can be switched to.
    Ready,
    /// It is being switched to.
    Switching,
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
    /// Rows would be lost that nobody agreed to lose.
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
    /// Another one is being made under other settings, or switched to.
    #[error("a rebuild of {table} is under way; ask again once it has ended")]
    UnderWay {
        /// The table.
        table: TableName,
    },
    /// Batches did not end in time.
    #[error(
        "{table} has {batches} batches that are not committed, and {documents} documents that are not replayed"
    )]
    Busy {
        /// The table.
        table: TableName,
        /// How many batches.
        batches: u64,
        /// How many documents.
        documents: u64,
    },
    /// The platform closes.
    #[error("the platform is closing")]
    Closing,
    /// A bug.
    #[error("the rebuild of {table} panicked")]
    Panicked {
        /// The table.
        table: TableName,
    },
    /// A document could not be replayed.
    #[error(transparent)]
    Normalize(NormalizeError),
    /// The store failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<NormalizeError> for RebuildError {
    fn from(error: NormalizeError) -> Self {
        match error {
            NormalizeError::Port(error) => RebuildError::Port(error),
            error => RebuildError::Normalize(error),
        }
    }
}

impl RebuildError {
    /// Whether the same generation cannot be switched to later either.
    fn is_final(&self) -> bool {
        match self {
            RebuildError::Normalize(error) => error.disposition() == Disposition::Stop,
            RebuildError::Port(error) => error.disposition() == Disposition::Stop,
            RebuildError::NotReady { .. } | RebuildError::Panicked { .. } => true,
            RebuildError::UnknownTable { .. }
            | RebuildError::Removed { .. }
            | RebuildError::UnderWay { .. }
            | RebuildError::Busy { .. }
            | RebuildError::Closing => false,
        }
    }
}

/// The rebuilds since the start, the last one of each table.
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
    /// Documents up to there.
    replayed: u64,
}

/// Says on the way out, after a panic too, that a job failed which somebody had at work.
struct FailUnlessEnded<'r> {
    rebuilds: &'r Rebuilds,
    table: &'r TableName,
    generation: u32,
}

impl Drop for FailUnlessEnded<'_> {
    fn drop(&mut self) {
        self.rebuilds.change(self.table, self.generation, |job| {
            if matches!(job.view.state, RebuildState::Running | RebuildState::Switching) {
                job.view.state = RebuildState::Failed;
            }
        });
    }
}

impl Rebuilds {
    fn locked(&self) -> MutexGuard<'_, BTreeMap<TableName, Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn view(&self, table: &TableName) -> Option<RebuildView> {
        self.locked().get(table).map(|job| job.view.clone())
    }

    /// The generation that may be switched to, if there is one: what is removed now must be in it.
    pub(super) fn to_come(&self, table: &TableName) -> Option<u32> {
        let view = self.view(table)?;
        match view.state {
            RebuildState::Running | RebuildState::Ready | RebuildState::Switching => {
                Some(view.generation)
            }
            RebuildState::Failed | RebuildState::Switched => None,
        }
    }

    /// Changes the job that makes `generation`. One that took its place is none of the caller's.
    fn change(&self, table: &TableName, generation: u32, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.locked().get_mut(table).filter(|j| j.view.generation == generation)
        {
            change(job);
        }
    }

    /// The job that makes `generation`.
    fn job(&self, table: &TableName, generation: u32) -> Result<Job, RebuildError> {
        let job = self.locked().get(table).filter(|j| j.view.generation == generation).cloned();
        job.ok_or_else(|| RebuildError::NotReady { table: table.clone() })
    }

    fn fail_unless_ended<'r>(
        &'r self,
        table: &'r TableName,
        generation: u32,
    ) -> FailUnlessEnded<'r> {
        FailUnlessEnded { rebuilds: self, table, generation }
    }
}

impl Shared {
    /// Starts a rebuild, or tells of the one that runs under the same settings.
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
        let unused = store.unused_generation(table).await?;
        let settings = self.settings();
        let view = {
            // Retention looks for a rebuild behind the same gate: from here on it finds this one.
            let _ahead = self.indexed.ahead().await;
            let mut jobs = self.rebuilds.locked();
            let mut generation = unused;
            if let Some(last) = jobs.get(table) {
                match last.view.state {
                    RebuildState::Running if Arc::ptr_eq(&last.settings, &settings) => {
                        return Ok(last.view.clone());
                    }
                    RebuildState::Running | RebuildState::Switching => {
                        return Err(RebuildError::UnderWay { table: table.clone() });
                    }
                    RebuildState::Ready | RebuildState::Failed | RebuildState::Switched => {}
                }
                // It may have taken the number meanwhile.
                generation = generation.max(last.view.generation + 1);
            }
            let view = RebuildView {
                generation,
                state: RebuildState::Running,
                documents: 0,
                documents_total: there.documents,
                removed: there.removed,
                changes: None,
            };
            let job = Job { view: view.clone(), settings, after: Seq::START, replayed: 0 };
            jobs.insert(table.clone(), job);
            view
        };
        let (name, generation) = (table.clone(), view.generation);
        let run = move |shared: &Shared| shared.rebuild(&name, generation);
        if self.spawn(format!("rebuild-{table}"), run).is_err() {
            drop(self.rebuilds.fail_unless_ended(table, generation));
            return Err(RebuildError::Closing);
        }
        Ok(view)
    }

    fn rebuild(&self, table: &TableName, generation: u32) {
        let _ended = self.rebuilds.fail_unless_ended(table, generation);
        let made = catch_unwind(AssertUnwindSafe(|| self.make(table, generation)));
        match made.unwrap_or_else(|_| Err(RebuildError::Panicked { table: table.clone() })) {
            Ok(changes) => self.rebuilds.change(table, generation, |job| {
                job.view.state = RebuildState::Ready;
                job.view.changes = changes;
            }),
            Err(error) => self.give_up(table, generation, &error),
        }
    }

    /// Makes the generation, up to the documents there are.
    fn make(&self, table: &TableName, generation: u32) -> Result<Option<Changes>, RebuildError> {
        self.patiently(None, |_| Ok(self.drop_unseen(table, Some(generation))?))?;
        self.forget_dropped(table);
        self.replay(table, generation, None)?;
        self.patiently(None, |_| Ok(self.drop_old_rows(table, generation)?))?;
        Ok(self.changes_to(table, generation))
    }

    /// Ends the job of a generation that will never be seen: its parts go, or a rebuild that filled
    /// the disk would leave it full.
    fn give_up(&self, table: &TableName, generation: u32, error: &RebuildError) {
        let dropped = self.drop_unseen(table, None);
        self.rebuilds.change(table, generation, |job| {
            job.view.state = RebuildState::Failed;
            job.view.changes = None;
        });
        if !matches!(error, RebuildError::Closing) {
            self.tell_failed("rebuild a table", error);
        }
        if let Err(error) = dropped {
            // The next rebuild, or the next start, does it.
            self.tell_failed("drop a rebuild that failed", &error);
        }
    }

    /// Retires the parts of all generations but the one that is seen and `kept`. Only for who has
    /// the table's job at work, or a generation just begun would go too.
    fn drop_unseen(&self, table: &TableName, kept: Option<u32>) -> Result<(), PortError> {
        let _ahead = block_on(self.indexed.ahead());
        block_on(self.store().retire_other_generations(table, kept))?;
        let current = block_on(self.store().generation(table))?;
        let gone = self.indexed.index.forget_but(table.as_str(), &[Some(current), kept]);
        self.tidy.retire(gone);
        self.committed.ring();
        Ok(())
    }

    /// Retires the rows that were replayed from documents whose rows the settings say are too old:
    /// those that retention removed would be there again.
    fn drop_old_rows(&self, table: &TableName, generation: u32) -> Result<(), PortError> {
        let Some(date) = self.rows_kept_from(table) else {
            return Ok(());
        };
        let _ahead = block_on(self.indexed.ahead());
        let keys = block_on(self.store().retire_parts_before(table, generation, &date))?;
        self.tidy.retire(self.indexed.index.remove(table.as_str(), &keys));
        Ok(())
    }

    /// Deletes what the database still knows of generations that were dropped.
    fn forget_dropped(&self, table: &TableName) {
        loop {
            match block_on(self.store().forget_dropped(table, FORGET_ROWS)) {
                Ok(true) if !self.arrived.stopped() => {}
                Ok(_) => return,
                // What is left goes with the next rebuild.
                Err(error) => return self.tell_failed("forget a dropped generation", &error),
            }
        }
    }

    /// What changes for those who query the current generation.
    fn changes_to(&self, table: &TableName, generation: u32) -> Option<Changes> {
        let totals = block_on(self.store().table_totals(table)).ok()??;
        let rejects = block_on(self.store().rejects_of(table, generation)).ok()?;
        let index = &self.indexed.index;
        let before = index.generation(table.as_str(), totals.generation)?;
        let after = index.generation(table.as_str(), generation).unwrap_or_default();
        Some(changes(&before, &after, totals.rejects, rejects))
    }
}

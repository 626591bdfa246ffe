//! Making a rebuilt generation the one that is seen.

use super::{RebuildError, RebuildState, RebuildView, Rebuilds};
use crate::platform::background::Shared;
use crate::platform::changes::Changes;
use crate::store::GenerationChange;
use futures::executor::block_on;
use sluice_normalizer::{BatchId, TableName};
use sluice_pipeline::Ledger;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How long a switch waits for the batches at work, and for failures to pass.
const SWITCH_WAITS: Duration = Duration::from_secs(60);

/// How long of it no table's documents become batches.
const SWITCH_HOLDS: Duration = Duration::from_secs(10);

/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Rebuilds {
    /// Takes a ready job to work. Answers its generation.
    fn begin_switch(&self, table: &TableName) -> Result<u32, RebuildError> {
        match self.locked().get_mut(table) {
            Some(job) if job.view.state == RebuildState::Ready => {
                job.view.state = RebuildState::Switching;
                Ok(job.view.generation)
            }
            _ => Err(RebuildError::NotReady { table: table.clone() }),
        }
    }
}

impl Shared {
    /// Makes a ready rebuild the generation that is seen; blocks for as long as the last documents
    /// take.
    pub(in crate::platform) fn switch(
        self: &Arc<Self>,
        table: &TableName,
    ) -> Result<RebuildView, RebuildError> {
        let to = self.rebuilds.begin_switch(table)?;
        let ended = self.rebuilds.fail_unless_ended(table, to);
        let switched = catch_unwind(AssertUnwindSafe(|| self.switch_to(table, to)));
        match switched.unwrap_or_else(|_| Err(RebuildError::Panicked { table: table.clone() })) {
            Ok(changes) => self.rebuilds.change(table, to, |job| {
                job.view.state = RebuildState::Switched;
                job.view.changes = changes.or(job.view.changes.take());
            }),
            Err(error) => {
                if error.is_final() {
                    self.give_up(table, to, &error);
                } else {
                    self.rebuilds.change(table, to, |job| job.view.state = RebuildState::Ready);
                }
                return Err(error);
            }
        }
        drop(ended);
        let name = table.clone();
        // Where no thread can be had, the next rebuild does it.
        let _ = self.spawn(format!("forget-{table}"), move |shared| shared.forget_dropped(&name));
        Ok(self.rebuilds.job(table, to)?.view)
    }

    fn switch_to(&self, table: &TableName, to: u32) -> Result<Option<Changes>, RebuildError> {
        // Documents that came meanwhile, and the batches at work, as long as that makes no
        // difference to anybody.
        let until = Instant::now() + SWITCH_WAITS;
        self.replay(table, to, Some(until))?;
        let at_work = block_on(self.store().batches_in_line(table))?;
        self.wait_for_batches(table, Some(&at_work), until)?;
        // From here on no batch of the old generation is made.
        let _hold = self.dispatching.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + SWITCH_HOLDS;
        self.wait_for_batches(table, None, until)?;
        self.replay(table, to, Some(until))?;
        self.drop_old_rows(table, to)?;
        let changes = self.changes_to(table, to);
        let agreed = self.rebuilds.job(table, to)?.view.removed;
        {
            let _ahead = block_on(self.indexed.ahead());
            let from = block_on(self.store().generation(table))?;
            let table = table.clone();
            match block_on(self.store().set_generation(&table, from, to, agreed))? {
                GenerationChange::Done => {}
                GenerationChange::Other { .. } | GenerationChange::Dropped => {
                    return Err(RebuildError::NotReady { table });
                }
                GenerationChange::Behind { open_batches: batches, documents } => {
                    return Err(RebuildError::Busy { table, batches, documents });
                }
                GenerationChange::Loses { documents } => {
                    return Err(RebuildError::Removed { table, documents });
                }
            }
            self.indexed.index.switch(table.as_str(), to);
        }
        // It is done, whatever comes.
        if let Err(error) = self.drop_unseen(table, None) {
            self.tell_failed("drop the generation before", &error);
        }
        Ok(changes)
    }

    /// Waits until none of these batches, or none at all, is at work or in line.
    fn wait_for_batches(
        &self,
        table: &TableName,
        these: Option<&[BatchId]>,
        until: Instant,
    ) -> Result<(), RebuildError> {
        loop {
            let mut left = block_on(self.store().batches_in_line(table))?;
            left.retain(|batch| these.is_none_or(|these| these.contains(batch)));
            if left.is_empty() {
                return Ok(());
            }
            if Instant::now() > until {
                let batches = left.len() as u64;
                return Err(RebuildError::Busy { table: table.clone(), batches, documents: 0 });
            }
            if self.arrived.pause(LOOK_AGAIN) {
                return Err(RebuildError::Closing);
            }
        }
    }
}

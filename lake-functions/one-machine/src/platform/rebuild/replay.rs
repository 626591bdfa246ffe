//! Replaying documents into a generation.

use super::RebuildError;
use crate::platform::background::Shared;
use futures::executor::block_on;
use sluice_normalizer::{BatchId, TableName};
use sluice_pipeline::{
    BatchMessage, DispatchLimits, Disposition, Ledger, NormalizeError, PortError, SettingsInForce,
    group,
    limits::{BATCH_DOCUMENTS_MAX, WHOLE_TRIES_MAX},
};
use std::time::{Duration, Instant};

/// The wait after a first failed try; it doubles with each further one.
const RETRY_FIRST: Duration = Duration::from_millis(100);

/// The longest wait between tries.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Tries of a batch that end in a panic.
const PANICS_MAX: u32 = 2 * WHOLE_TRIES_MAX;

impl Shared {
    /// Replays what is not replayed yet. `until`: how long failures are waited out, none for as
    /// long as the platform runs.
    pub(super) fn replay(
        &self,
        table: &TableName,
        generation: u32,
        until: Option<Instant>,
    ) -> Result<(), RebuildError> {
        let job = self.rebuilds.job(table, generation)?;
        // A batch that an earlier replay left open holds claims on its documents: grouped with
        // others, they would be nobody's.
        let open =
            self.patiently(until, |_| Ok(block_on(self.store().open_batches(table, generation))?))?;
        for batch in open {
            self.replay_batch(table, batch, &job.settings, until)?;
        }
        let (mut after, mut replayed) = (job.after, job.replayed);
        loop {
            let found = self.patiently(until, |_| {
                let found = self.store().documents_to_replay(table, after, BATCH_DOCUMENTS_MAX);
                Ok(block_on(found)?)
            })?;
            let Some(&(last, _)) = found.last() else {
                return Ok(());
            };
            let heads: Vec<_> = found.into_iter().map(|(_, head)| head).collect();
            for batch in group(&heads, &|_| generation, &DispatchLimits::default()) {
                self.patiently(until, |_| {
                    block_on(self.store().create_batch(&batch))?;
                    Ok(())
                })?;
                self.replay_batch(table, batch.id, &job.settings, until)?;
                replayed += batch.documents.len() as u64;
                self.rebuilds.change(table, generation, |job| job.view.documents = replayed);
            }
            after = last;
            self.rebuilds.change(table, generation, |job| {
                (job.after, job.replayed) = (after, replayed);
            });
        }
    }

    fn replay_batch(
        &self,
        table: &TableName,
        batch: BatchId,
        settings: &SettingsInForce,
        until: Option<Instant>,
    ) -> Result<(), RebuildError> {
        let message = BatchMessage { table: table.clone(), batch, send: 0 };
        let normalizer = self.normalizer();
        self.patiently(until, |panics| {
            // After a panic the documents are tried one by one.
            let receives = if panics == 0 { 1 } else { WHOLE_TRIES_MAX + panics };
            block_on(normalizer.normalize(&message, receives, settings)).map(|_| ())
        })
    }

    /// Tries until it is done or waiting cannot mend it; `attempt` is told how often it panicked.
    pub(super) fn patiently<T>(
        &self,
        until: Option<Instant>,
        mut attempt: impl FnMut(u32) -> Result<T, NormalizeError>,
    ) -> Result<T, RebuildError> {
        let (mut wait, mut panics) = (RETRY_FIRST, 0);
        loop {
            if self.arrived.stopped() {
                return Err(RebuildError::Closing);
            }
            let error = match attempt(panics) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let may_pass = match &error {
                // What fills the disk is most likely this rebuild.
                NormalizeError::Port(PortError::Full { .. }) => false,
                NormalizeError::Panicked { .. } => {
                    panics += 1;
                    panics < PANICS_MAX
                }
                error => error.disposition() == Disposition::Retry,
            };
            if !may_pass || until.is_some_and(|until| Instant::now() + wait > until) {
                return Err(error.into());
            }
            self.tell_failed("replay documents", &error);
            if self.arrived.pause(wait) {
                return Err(RebuildError::Closing);
            }
            wait = (2 * wait).min(RETRY_MAX);
        }
    }
}

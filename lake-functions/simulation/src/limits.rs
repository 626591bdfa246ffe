//! Every bound of the simulated world in one place. Times are milliseconds of the virtual clock.

use sluice_normalizer::limits::BATCH_BYTES_MAX;

pub(crate) const SECOND_MS: i64 = 1_000;
pub(crate) const MINUTE_MS: i64 = 60 * SECOND_MS;
pub(crate) const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// 2026-11-20T00:00:00Z.
pub(crate) const TODAY_MS: i64 = 1_795_132_800_000;

/// How long a queue hides what it handed out.
pub(crate) const VISIBILITY_MS: i64 = MINUTE_MS;

/// How long the FIFO queue remembers a deduplication id, deleted messages' too.
pub(crate) const DEDUPLICATION_MS: i64 = 5 * MINUTE_MS;

/// How often a batch's message is handed out before it is set aside.
pub(crate) const RECEIVES_MAX: u32 = 5;

/// How far the ledger's list of batches may lag behind.
pub(crate) const GRACE_MS: i64 = 5 * SECOND_MS;

/// Steps that one run of a rebuild makes at most.
pub(crate) const REBUILD_STEPS_MAX: u32 = 50;

/// Runs of rebuilds a table until, without faults, one must be at its end.
pub(crate) const REBUILD_RUNS: u32 = 12;

/// Events that one dispatcher takes.
pub(crate) const EVENTS_MAX: usize = 10;

/// Bombs of a run, and what one unpacks to: all of them are too many for a batch.
pub(crate) const BOMBS: usize = 10;
pub(crate) const BOMB_MEGABYTES: usize = 9;

/// Events that one dispatcher takes, and documents of a batch, where there are bombs.
pub(crate) const BOMB_DOCUMENTS_MAX: usize = 100;

const _: () = assert!(BOMBS * BOMB_MEGABYTES * 1_000_000 > BATCH_BYTES_MAX);

/// Runs of each function at the same time, frozen ones not counted.
pub(crate) const DISPATCHERS_MAX: usize = 2;
pub(crate) const WORKERS_MAX: usize = 4;
pub(crate) const REBUILDS_MAX: usize = 2;

/// Dead letters that one redrive looks at.
pub(crate) const DEAD_LETTERS_MAX: usize = 10;

/// How long a batch may take before the sweep sends it again.
pub(crate) const OPEN_FOR_MS: i64 = 60 * MINUTE_MS;

/// How far back the sweep looks for documents: claims are never forgotten in this world, and the clock
/// may jump by weeks before a sweep happens.
pub(crate) const SWEEP_BACK_MS: i64 = 400 * DAY_MS;

/// Steps until a world without faults must have come to rest.
pub(crate) const CALM_STEPS_MAX: u64 = 200_000;

/// Days until a world without faults must have come to rest.
pub(crate) const CALM_DAYS_MAX: u32 = 5;

const _: () = assert!(VISIBILITY_MS < DEDUPLICATION_MS, "both orders of the two must come up");

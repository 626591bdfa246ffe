//! The bounds of the store, and how they relate.

use sluice_normalizer::limits::DOCUMENT_BYTES_MAX;
use std::time::Duration;

/// The store's format; a file with a higher one is refused.
pub const STORE_FORMAT: i64 = 2;

/// Marks the file as a store of Sluice: "SLUI".
pub(super) const APPLICATION_ID: i64 = 0x534c_5549;

/// Bytes of bodies that wait to be written or are being written, when nothing else is asked for.
pub(super) const QUEUED_BYTES_MAX: usize = 64 << 20;

/// Documents that wait to be written or are being written, when nothing else is asked for.
pub(super) const QUEUED_PUTS_MAX: usize = 20_000;

/// Reads that wait for a thread.
pub(super) const READS_WAITING_MAX: usize = 20_000;

/// Threads that read, when nothing else is asked for.
pub(super) const READER_THREADS: usize = 2;

/// Jobs of one transaction.
pub(super) const GROUP_JOBS_MAX: usize = 2_000;

/// Bytes of bodies in one transaction, if more than one document.
pub(super) const GROUP_BYTES_MAX: usize = 16 << 20;

/// A page of the file, bytes. Ids are random, so each put writes its own page of their index: a
/// larger page would only make the WAL longer.
pub(super) const PAGE_BYTES: u32 = 4_096;

/// Pages of the WAL that are not in the file yet and start a checkpoint: 16 MB.
pub(super) const CHECKPOINT_PAGES: i64 = 4_096;

/// What the WAL is cut to after a checkpoint, bytes.
pub(super) const WAL_KEPT_BYTES: i64 = 64 << 20;

/// Pages held in memory by the writer, KiB: the index of some million ids.
pub(super) const WRITER_CACHE_KIB: i64 = 64 << 10;

/// Pages held in memory by each reader, KiB.
pub(super) const READER_CACHE_KIB: i64 = 8 << 10;

/// How long a statement waits for another process that holds the file, a shell for instance.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest time a message can be given back for. A message due later than that was stored under
/// a clock that has stepped back since.
pub(crate) const DELAY_MAX: Duration = Duration::from_secs(60);

/// Prepared statements a connection keeps.
pub(super) const STATEMENTS_KEPT: usize = 128;

const _: () = assert!(DOCUMENT_BYTES_MAX <= GROUP_BYTES_MAX);
const _: () = assert!(2 * GROUP_BYTES_MAX <= QUEUED_BYTES_MAX);

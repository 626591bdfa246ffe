//! Every bound of the one-machine pipeline, and how the bounds relate.

use sluice_normalizer::limits::{BATCH_BYTES_MAX, DOCUMENT_BYTES_MAX};

/// What a document cut from a file aims at, bytes. Below the contract's 10 MB, so that the record
/// that crosses the target still fits.
pub(crate) const DOCUMENT_BYTES_TARGET: usize = 8_000_000;

/// The smallest batch that can be asked for, bytes: a plan costs about this much.
pub const BATCH_BYTES_MIN: usize = 1_000;

/// The first batch of a run, bytes. What it finds out about a new table is what all other batches
/// wait for, so it is small.
pub(crate) const FIRST_BATCH_BYTES: usize = DOCUMENT_BYTES_TARGET;

/// Documents of one batch: a plan names every one.
pub(crate) const BATCH_DOCUMENTS_MAX: usize = 10_000;

/// Bodies held while the documents of unfinished batches are gathered again, bytes together. A
/// repeated run meets them in order, one batch after the other.
pub(crate) const GATHERED_BYTES_MAX: usize = 2 * BATCH_BYTES_MAX;

/// What is read from an input at once, bytes.
pub(crate) const READ_BYTES: usize = 256 * 1024;

/// Batches shaped at the same time; each holds up to a batch of input in memory.
pub const THREADS_MAX: usize = 256;

const _: () = assert!(DOCUMENT_BYTES_TARGET <= DOCUMENT_BYTES_MAX);
const _: () = assert!(BATCH_BYTES_MIN <= BATCH_BYTES_MAX);
const _: () = assert!(GATHERED_BYTES_MAX >= BATCH_BYTES_MAX + DOCUMENT_BYTES_MAX);

//! The bounds of the ledger, and how they relate.

use sluice_normalizer::limits::{DOCUMENT_ID_CHARS_MAX, OUTCOME_REASONS_MAX};
use sluice_pipeline::limits::BATCH_DOCUMENTS_MAX;

/// DynamoDB's bound on an item, attribute names included, bytes.
const ITEM_BYTES_MAX: usize = 400 * 1024;

/// Writes of documents under way at the same time: at some milliseconds each, the 5,000 claims of a
/// full batch take about a second, which is what a new on-demand table takes (4,000 writes a
/// second).
pub(super) const DOCUMENT_WRITES_AT_ONCE: usize = 64;

/// A value up to here stands in the item that it belongs to, bytes; a larger one in items of its own,
/// so that changing a batch's state does not cost writing its members again.
pub(super) const INLINE_BYTES_MAX: usize = 4_096;

/// Bytes of a large value in one item.
pub(super) const CHUNK_BYTES_MAX: usize = 350_000;

/// A large value before it is packed, bytes. Plans are the largest: their report can name every new
/// column of a batch (`REGISTRY_PATH_BYTES_MAX` of paths, and names).
pub(super) const LARGE_BYTES_MAX: usize = 64 << 20;

/// A reason's message, bytes; a longer one is cut. `sluice_rejects` has all of it.
pub(super) const REASON_MESSAGE_BYTES_MAX: usize = 1_000;

/// A reason's pointer, bytes; a longer one is left out, since a cut one would name another place.
pub(super) const REASON_POINTER_BYTES_MAX: usize = 1_000;

/// How often a table is admitted again when another one was admitted at the same moment.
pub(super) const ADMIT_TRIES_MAX: u32 = 10;

/// Reads of documents under way at the same time.
pub(super) const DOCUMENT_READS_AT_ONCE: usize = 64;

/// Open batches listed at once.
pub(super) const OPEN_BATCHES_PAGE: i32 = 100;

/// Open batches looked up at the same time.
pub(super) const LOOKUPS_AT_ONCE: usize = 8;

/// Batches of one page of a table's list: as many as are replayed without a pause to keep how far it
/// is.
pub(super) const LISTED_BATCHES_MAX: i32 = 500;

/// Batches of a page looked up at the same time.
pub(super) const LISTED_LOOKUPS_AT_ONCE: usize = 32;

/// How much longer a batch stays known than the claims for it: as good as for ever. A rebuild finds a
/// table's documents by its batches; one that had expired would take its documents out of the table.
pub(super) const BATCH_OUTLIVES_CLAIMS_DAYS: u32 = 100 * 365;

// JSON may write a character as six bytes.
const _: () = assert!(
    6 * OUTCOME_REASONS_MAX * (REASON_MESSAGE_BYTES_MAX + REASON_POINTER_BYTES_MAX)
        < ITEM_BYTES_MAX / 2
);
const _: () = assert!(CHUNK_BYTES_MAX + 1_024 < ITEM_BYTES_MAX);
const _: () = assert!(4 * INLINE_BYTES_MAX < ITEM_BYTES_MAX);
const _: () = assert!(BATCH_DOCUMENTS_MAX * (DOCUMENT_ID_CHARS_MAX + 1) < LARGE_BYTES_MAX);

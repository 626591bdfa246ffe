//! Every bound of the AWS adapters in one place, and how the bounds relate.

use sluice_normalizer::limits::DOCUMENT_BYTES_MAX;

/// Objects read or looked at, at the same time, by one call. S3 answers in about 20 ms, so this is some 3,000
/// a second, below the 5,500 that it promises a prefix.
pub(crate) const GETS_AT_ONCE: usize = 64;

/// Stored bytes that are being read and decoded at the same time. Decoded they take three quarters of
/// it once more; a batch's bodies come on top.
pub(crate) const IN_FLIGHT_BYTES_MAX: usize = 64_000_000;

/// An ingress object: the base64 of a document, with room for line breaks. What is larger did not
/// come through the gateway.
pub(crate) const INGRESS_OBJECT_BYTES_MAX: usize = 14_000_000;

/// Tries to read an object whose body breaks off: the SDK tries again only until the body begins.
pub(crate) const BODY_TRIES_MAX: u32 = 3;

/// Tries of a create-if-absent that S3 answers with a conflict: another writer is at the same key.
pub(crate) const CONFLICT_TRIES_MAX: u32 = 3;

/// Versions listed to find the last one of a removed object. Before it are the marks of its removals,
/// of which each further one is somebody's doing.
pub(crate) const VERSIONS_LOOKED_AT: i32 = 100;

/// A settings file, bytes.
pub(crate) const SETTINGS_BYTES_MAX: usize = 1_000_000;

/// Registries remembered by one process: their text together, bytes. Past it they are forgotten all
/// at once.
pub(crate) const REGISTRIES_BYTES_MAX: usize = 32_000_000;

/// Hashes of settings remembered as kept; then they are forgotten all at once.
pub(crate) const KEPT_SETTINGS_MAX: usize = 100;

/// The longest a message can be given back for, seconds. SQS counts its 12 hours from when the
/// message was received, and a function may have had it for its 15 minutes.
pub(crate) const RELEASE_SECONDS_MAX: u64 = 12 * 3_600 - 15 * 60;

/// How long a receive waits for a message, seconds. Any wait makes SQS ask all of its servers; without
/// one it may answer that there is none while there is.
pub(crate) const RECEIVE_WAIT_SECONDS: i32 = 1;

/// A queue message's text, bytes; ours have some 150.
pub(crate) const MESSAGE_BYTES_MAX: usize = 10_000;

/// How long listed dead letters are out, seconds: ample for what is done with those of one list, and
/// soon enough for a later redrive to see what an earlier one left when it was killed.
pub(crate) const DEAD_LETTER_SECONDS: i32 = 60;

/// `manifest.json` of an inventory, bytes: some 200 a file.
pub(crate) const MANIFEST_BYTES_MAX: usize = 4_000_000;

/// A line of an inventory, unquoted: a key has at most 1,024 bytes, each at most three URL-encoded.
pub(crate) const INVENTORY_LINE_BYTES_MAX: usize = 16_384;

/// Fields of an inventory. S3 knows some 25.
pub(crate) const INVENTORY_COLUMNS_MAX: usize = 64;

/// Bytes of an inventory's file read by one request.
pub(crate) const INVENTORY_RANGE_BYTES: u64 = 8_000_000;

/// Objects of an inventory given out at once, and those of the piece that brought so many.
pub(crate) const INVENTORY_PAGE_ROWS: usize = 5_000;

/// Entries of one `PutEvents`.
pub(crate) const EVENTS_AT_ONCE: usize = 10;

/// Tries of events that EventBridge did not take.
pub(crate) const EVENT_TRIES_MAX: u32 = 4;

/// Reason codes an event tells.
pub(crate) const EVENT_CODES_MAX: usize = 50;

const _: () = assert!(INGRESS_OBJECT_BYTES_MAX > DOCUMENT_BYTES_MAX.div_ceil(3) * 4);
const _: () = assert!(INGRESS_OBJECT_BYTES_MAX < IN_FLIGHT_BYTES_MAX, "or it waits for ever");
const _: () = assert!(INVENTORY_LINE_BYTES_MAX > 4 * 3 * 1_024);

//! What bounds the door. [`HttpLimits`] are settings, the others hold for every installation.

use sluice_normalizer::limits::DOCUMENT_BYTES_MAX;
use std::time::Duration;

/// What clients together, and each of them, may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections at once; further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// From a connection's start, or the last answer, to the end of a request's head. An idle
    /// connection is closed after it.
    pub head_timeout: Duration,
    /// A body brings at least [`HttpLimits::body_bytes_per_window`] in every such time until it
    /// ends.
    pub body_window: Duration,
    /// See [`HttpLimits::body_window`].
    pub body_bytes_per_window: usize,
    /// Bodies in memory, all requests together, bytes; past it a request is answered `busy`.
    pub bodies_bytes_max: usize,
    /// How long a client may take no byte of an answer.
    pub write_stall: Duration,
    /// How long running requests may go on after the stop.
    pub stop_timeout: Duration,
}

impl Default for HttpLimits {
    /// 1,024 connections, 15 s for a head, 64 KB of body in 30 s, 256 MB of bodies, 30 s without
    /// a byte taken, 10 s to stop.
    fn default() -> Self {
        HttpLimits {
            connections_max: 1_024,
            head_timeout: Duration::from_secs(15),
            body_window: Duration::from_secs(30),
            body_bytes_per_window: 64 << 10,
            bodies_bytes_max: 256 << 20,
            write_stall: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(10),
        }
    }
}

/// The unit in which memory for bodies is counted, bytes.
pub(crate) const BODY_UNIT_BYTES: usize = 1 << 10;

/// What is set aside for a body before its first byte, at most.
pub(crate) const BODY_FIRST_BYTES: usize = 64 << 10;

/// The body of `POST /sql`, bytes. Twice the statement's own bound, for what JSON escapes.
pub(crate) const SQL_BODY_BYTES_MAX: usize = 1 << 20;

/// A body above this is judged on a thread that may block, bytes.
pub(crate) const JUDGED_INLINE_BYTES_MAX: usize = 64 << 10;

/// Bodies judged at once on such threads: each can hold a decompressed document.
pub(crate) const JUDGED_AT_ONCE: usize = 8;

/// A request's head, and what is read of a connection at once, bytes.
pub(crate) const HEAD_BYTES_MAX: usize = 64 << 10;

/// What is still read of a body that was answered early, so that the client sees the answer and
/// not a reset connection: bytes, time without a byte, and time in all.
pub(crate) const DRAIN_BYTES_MAX: usize = 32 << 20;
/// See [`DRAIN_BYTES_MAX`].
pub(crate) const DRAIN_IDLE: Duration = Duration::from_secs(1);
/// See [`DRAIN_BYTES_MAX`].
pub(crate) const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);

/// After a failed `accept` (no file handles left, for one), before the next.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// From how long a document has waited on the server is degraded, milliseconds.
pub(crate) const LAG_DEGRADED_MS: u64 = 5 * 60 * 1_000;

/// Tokens in a token file: all are compared for every request.
pub(crate) const TOKENS_MAX: usize = 1_000;

/// A token file, bytes.
pub(crate) const TOKEN_FILE_BYTES_MAX: u64 = 1 << 20;

const _: () = assert!(DOCUMENT_BYTES_MAX <= DRAIN_BYTES_MAX);
const _: () = assert!(BODY_UNIT_BYTES <= JUDGED_INLINE_BYTES_MAX);

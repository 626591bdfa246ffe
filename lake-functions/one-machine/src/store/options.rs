//! How a store runs.

use super::limits::{QUEUED_BYTES_MAX, QUEUED_PUTS_MAX, READER_THREADS};
use std::fmt;
use std::sync::Arc;

/// How a store runs.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// What time it is.
    pub clock: Clock,
    /// Bytes of bodies that may wait to be written or be written; a put beyond it is refused.
    pub queued_bytes_max: usize,
    /// Puts that may wait to be written or be written; one more is refused.
    pub queued_puts_max: usize,
    /// Threads that read, at least 1.
    pub reader_threads: usize,
}

impl StoreOptions {
    /// The usual bounds.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        StoreOptions {
            clock,
            queued_bytes_max: QUEUED_BYTES_MAX,
            queued_puts_max: QUEUED_PUTS_MAX,
            reader_threads: READER_THREADS,
        }
    }
}

/// Tells the time, in milliseconds since 1970 UTC.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// The clock that `now_ms` is.
    pub fn new(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Clock(Arc::new(now_ms))
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

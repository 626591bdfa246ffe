//! The store in figures.

use super::handle::Store;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// The store in figures. Counters start at 0 with the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreFigures {
    /// Transactions, each at most one sync of the WAL.
    pub transactions: u64,
    /// Changes asked for; many share a transaction.
    pub writes: u64,
    /// How often the WAL was moved into the file.
    pub checkpoints: u64,
    /// Now: puts that wait or are being written.
    pub queued_puts: u64,
    /// Now: their bodies, bytes.
    pub queued_bytes: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) groups: AtomicU64,
    pub(super) writes: AtomicU64,
    pub(super) checkpoints: AtomicU64,
}

impl Store {
    /// The store in figures.
    #[must_use]
    pub fn figures(&self) -> StoreFigures {
        let held = self.queued();
        let counters = self.counters();
        StoreFigures {
            transactions: counters.groups.load(Relaxed),
            writes: counters.writes.load(Relaxed),
            checkpoints: counters.checkpoints.load(Relaxed),
            queued_puts: held.count as u64,
            queued_bytes: held.bytes as u64,
        }
    }
}

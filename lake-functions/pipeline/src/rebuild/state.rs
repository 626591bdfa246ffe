//! How far a rebuild is: what the ledger keeps of it.

use serde::{Deserialize, Serialize};

/// The stored form's own version; a higher one than this is refused.
pub const REBUILD_FORMAT: u32 = 2;

/// A table's last rebuild.
///
/// Fields that a later Sluice adds under the same format are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuild {
    /// See [`REBUILD_FORMAT`].
    pub format: u32,
    /// Counts the changes of this item, over all rebuilds of the table, from 1.
    pub revision: u64,
    /// The generation whose documents are replayed.
    pub from: u32,
    /// The generation that they are replayed into: never used before, and never again.
    pub to: u32,
    /// How far it is.
    pub state: RebuildState,
    /// The pass over the batches of `from` that is under way, or was last.
    pub pass: Pass,
    /// What the last pass that came to its end counted.
    pub counts: Counts,
    /// How many removed documents the switch may leave behind.
    pub without_removed: u64,
    /// When it was started, milliseconds since 1970 UTC.
    pub started_at_ms: i64,
    /// When `to` became the current generation.
    pub changed_at_ms: Option<i64>,
    /// When it was switched or given up.
    pub ended_at_ms: Option<i64>,
}

impl Rebuild {
    /// From now on nobody will see it.
    pub(super) fn drop_at(&mut self, now_ms: i64) {
        self.state = RebuildState::Dropping;
        self.pass = Pass::default();
        self.ended_at_ms = Some(now_ms);
    }
}

/// A pass over the batches of a generation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// Where it goes on, none at its beginning.
    pub next: Option<String>,
    /// Whether it came to its end.
    pub done: bool,
    /// So far.
    pub counts: Counts,
}

/// What a pass counted. Told by marks that are kept with each batch, so it is right however often
/// a pass was interrupted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Batches of the generation replayed.
    pub batches: u64,
    /// Documents replayed. One that two batches without a plan announce counts twice.
    pub documents: u64,
    /// Documents of the generation that the ingress store does not have any more: their rows would
    /// not be in the next one.
    pub removed: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, replayed: &Replayed) {
        self.batches += 1;
        self.documents += replayed.documents;
        self.removed += replayed.removed;
    }
}

/// What was kept with a batch whose documents were replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Replayed {
    /// Into which generation.
    pub to: u32,
    /// How many documents.
    pub documents: u64,
    /// How many there were no more.
    pub removed: u64,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RebuildState {
    /// Documents are replayed, and their batches committed.
    Replaying,
    /// It can be switched to.
    Ready,
    /// To be switched: what came since it was ready is replayed, and its batches committed.
    CatchingUp,
    /// The generation is about to become the current one.
    Changing,
    /// It is the current one: new documents go to it. The last batches of the old one are replayed.
    Following,
    /// It holds everything: the views are told.
    Showing,
    /// People query it. The old rejects are removed.
    Clearing,
    /// Done.
    Switched,
    /// Given up: nobody will ever see it. Its rejects are removed.
    Dropping,
    /// Given up, and its rejects are removed.
    Dropped,
}

impl RebuildState {
    /// Whether there is something left to do, or to decide.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        !matches!(self, RebuildState::Switched | RebuildState::Dropped)
    }

    /// Whether it was given up.
    #[must_use]
    pub fn is_given_up(self) -> bool {
        matches!(self, RebuildState::Dropping | RebuildState::Dropped)
    }

    /// Whether it can still be given up.
    #[must_use]
    pub fn can_be_given_up(self) -> bool {
        matches!(self, RebuildState::Replaying | RebuildState::Ready | RebuildState::CatchingUp)
    }
}

//! What happens in the background and somebody should hear of.

use sluice_normalizer::{Conflict, TableName};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One thing that happened. Names ids and figures, never content (I-8).
#[derive(Debug)]
pub enum Event<'a> {
    /// A batch is committed: its rows are seen by SQL.
    Committed {
        /// The batch.
        batch: &'a str,
        /// Its table.
        table: &'a TableName,
        /// Its documents.
        documents: u64,
        /// Its rows, child tables included.
        rows: u64,
        /// Its rejects.
        rejects: u64,
    },
    /// A path has one kind more than people can query as one column.
    Conflict {
        /// The root table.
        table: &'a TableName,
        /// Where, and which kinds.
        conflict: &'a Conflict,
    },
    /// A try of a batch failed; it comes again.
    Retry {
        /// The batch.
        batch: &'a str,
        /// Why, with its causes.
        error: &'a (dyn std::error::Error + 'static),
        /// When it is tried again.
        after: Duration,
    },
    /// A batch cannot be committed until a person has looked; a restart tries again.
    Stopped {
        /// The batch.
        batch: &'a str,
        /// Why, with its causes.
        error: &'a (dyn std::error::Error + 'static),
    },
    /// Some other work failed; it is tried again.
    Failed {
        /// A verb phrase.
        what: &'static str,
        /// Why, with its causes.
        error: &'a (dyn std::error::Error + 'static),
    },
    /// Parts were merged into one.
    Merged {
        /// The physical table.
        table: &'a str,
        /// How many parts there were.
        parts: usize,
        /// The merged part's rows.
        rows: u64,
    },
    /// Files were deleted that a crash or an abandoned rebuild had left.
    Swept {
        /// How many.
        files: u64,
    },
}

/// Who hears of events. Called from background threads; must not block for long.
#[derive(Clone)]
pub struct EventSink(Arc<dyn Fn(&Event<'_>) + Send + Sync>);

impl EventSink {
    /// Calls `hear` with every event.
    pub fn new(hear: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        EventSink(Arc::new(hear))
    }

    /// Nobody hears.
    #[must_use]
    pub fn none() -> Self {
        EventSink::new(|_| {})
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        (self.0)(event);
    }
}

impl fmt::Debug for EventSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventSink")
    }
}

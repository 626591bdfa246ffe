//! What happens in the background, as lines of the log.

use crate::log;
use sluice_one_machine::{Event, EventSink};

/// Events of a platform as lines of the server's log. Batches that end well are left to the
/// metrics: a line for each would bury the rest.
#[must_use]
pub fn logged_events() -> EventSink {
    EventSink::new(|event| match event {
        Event::Committed { .. } | Event::Merged { .. } => {}
        Event::Conflict { table, conflict } => {
            let kinds: Vec<String> = conflict.kinds.iter().map(ToString::to_string).collect();
            // Keys are content (I-8): `GET /table/{table}` tells the path.
            let fields = [("table", table.to_string()), ("kinds", kinds.join(" "))];
            log::event("conflict", &fields);
        }
        Event::Retry { batch, error, after } => {
            let fields = [
                ("batch", (*batch).to_owned()),
                ("error", log::chain(*error)),
                ("retry_ms", after.as_millis().to_string()),
            ];
            log::event("batch_failed", &fields);
        }
        Event::Stopped { batch, error } => {
            let fields = [("batch", (*batch).to_owned()), ("error", log::chain(*error))];
            log::event("batch_stopped", &fields);
        }
        Event::Swept { files } => log::event("swept", &[("files", files.to_string())]),
        Event::Failed { what, error } => {
            let fields = [("what", (*what).to_owned()), ("error", log::chain(*error))];
            log::event("failed", &fields);
        }
    })
}

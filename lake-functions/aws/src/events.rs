//! What others can react to: events on EventBridge, of source `sluice`.
//!
//! They tell tables, batches, counts and codes; never content, nor the names of keys in it (I-8).

use crate::clients::Aws;
use crate::failure::CallFailed;
use crate::limits::{EVENT_CODES_MAX, EVENT_TRIES_MAX, EVENTS_AT_ONCE};
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde::Serialize;
use sluice_normalizer::{BatchId, Report, TableName};
use sluice_pipeline::PortError;
use std::collections::BTreeMap;
use std::time::Duration;

const SOURCE: &str = "sluice";

/// Before the first repetition; it doubles from there.
const BACKOFF: Duration = Duration::from_millis(100);

/// Something that a person or another system may want to react to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `document.rejected`: a committed batch has rejects.
    DocumentRejected {
        /// The batch's table.
        table: TableName,
        /// The batch.
        batch: BatchId,
        /// Documents rejected as a whole.
        documents: u64,
        /// Rejects by code. The rarest beyond 50 codes are summed up as `other`.
        rejects: BTreeMap<String, u64>,
    },
    /// `type.conflict`: a batch gave paths one kind more than people can query as one column.
    TypeConflict {
        /// The batch's table.
        table: TableName,
        /// The batch.
        batch: BatchId,
        /// How many paths.
        paths: u64,
    },
    /// `batch.dead`: a batch waits in the dead-letter queue.
    BatchDead {
        /// The batch's table.
        table: TableName,
        /// The batch.
        batch: BatchId,
        /// How often it was sent, redrives included.
        sends: u32,
    },
}

impl Event {
    /// What there is to tell of a batch that was committed.
    #[must_use]
    pub fn of_commit(table: &TableName, batch: &BatchId, report: &Report) -> Vec<Event> {
        let mut events = Vec::new();
        if !report.rejects.is_empty() {
            events.push(Event::DocumentRejected {
                table: table.clone(),
                batch: batch.clone(),
                documents: report.rejected_documents,
                rejects: bounded(&report.rejects),
            });
        }
        if !report.conflicts.is_empty() {
            events.push(Event::TypeConflict {
                table: table.clone(),
                batch: batch.clone(),
                paths: report.conflicts.len() as u64,
            });
        }
        events
    }

    fn detail_type(&self) -> &'static str {
        match self {
            Event::DocumentRejected { .. } => "document.rejected",
            Event::TypeConflict { .. } => "type.conflict",
            Event::BatchDead { .. } => "batch.dead",
        }
    }

    fn detail(&self) -> String {
        #[derive(Default, Serialize)]
        struct Detail<'e> {
            table: &'e str,
            batch: &'e str,
            #[serde(skip_serializing_if = "Option::is_none")]
            documents: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            rejects: Option<&'e BTreeMap<String, u64>>,
            /// The same as a text, for messages to people: EventBridge puts texts and numbers into
            /// them, and of objects it does not say how.
            #[serde(skip_serializing_if = "Option::is_none")]
            codes: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            paths: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            sends: Option<u32>,
        }
        let (Event::DocumentRejected { table, batch, .. }
        | Event::TypeConflict { table, batch, .. }
        | Event::BatchDead { table, batch, .. }) = self;
        let of_batch = Detail { table: table.as_str(), batch: batch.as_str(), ..Detail::default() };
        let detail = match self {
            Event::DocumentRejected { documents, rejects, .. } => {
                let codes = rejects.iter().map(|(code, count)| format!("{count} {code}"));
                let codes = Some(codes.collect::<Vec<_>>().join(", "));
                Detail { documents: Some(*documents), rejects: Some(rejects), codes, ..of_batch }
            }
            Event::TypeConflict { paths, .. } => Detail { paths: Some(*paths), ..of_batch },
            Event::BatchDead { sends, .. } => Detail { sends: Some(*sends), ..of_batch },
        };
        serde_json::to_string(&detail).expect("texts and numbers are JSON")
    }
}

/// At most [`EVENT_CODES_MAX`] codes, the most frequent ones.
fn bounded(rejects: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let mut counts: Vec<(&String, u64)> = rejects.iter().map(|(code, n)| (code, *n)).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rest = counts.split_off(counts.len().min(EVENT_CODES_MAX));
    let mut told: BTreeMap<String, u64> =
        counts.into_iter().map(|(code, count)| (code.clone(), count)).collect();
    if !rest.is_empty() {
        *told.entry("other".to_owned()).or_default() += rest.iter().map(|(_, n)| n).sum::<u64>();
    }
    told
}

/// A bus of EventBridge.
#[derive(Debug, Clone)]
pub struct EventBridge {
    client: Client,
    bus: String,
}

/// EventBridge did not take events of a call.
#[derive(Debug, thiserror::Error)]
#[error("{events} events were not taken ({code})")]
struct NotTaken {
    events: usize,
    /// EventBridge's code for the first of them.
    code: String,
}

impl EventBridge {
    /// The bus of this name or ARN.
    #[must_use]
    pub fn new(aws: &Aws, bus: String) -> Self {
        EventBridge { client: aws.event_bridge(), bus }
    }

    /// Publishes events; one may arrive twice.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] when some were not taken after several tries. What they tell stands in
    /// the ledger and the lake too, so nothing waits for them.
    pub async fn publish(&self, events: &[Event]) -> Result<(), PortError> {
        for events in events.chunks(EVENTS_AT_ONCE) {
            let entries = events.iter().map(|event| {
                PutEventsRequestEntry::builder()
                    .source(SOURCE)
                    .detail_type(event.detail_type())
                    .detail(event.detail())
                    .event_bus_name(&self.bus)
                    .build()
            });
            self.put(entries.collect()).await?;
        }
        Ok(())
    }

    /// A call can succeed and yet leave some of its entries.
    async fn put(&self, mut entries: Vec<PutEventsRequestEntry>) -> Result<(), PortError> {
        let mut tries = 0;
        loop {
            let what = || format!("publish {} events", entries.len());
            let put = self.client.put_events().set_entries(Some(entries.clone()));
            let answer = put.send().await.map_err(|error| CallFailed::of(&error).at(what()))?;
            let left: Vec<_> = answer
                .entries()
                .iter()
                .zip(&entries)
                .filter_map(|(answer, entry)| Some((answer.error_code()?, entry)))
                .collect();
            let Some((code, _)) = left.first() else { return Ok(()) };
            tries += 1;
            if tries >= EVENT_TRIES_MAX {
                let source = NotTaken { events: left.len(), code: (*code).to_owned() };
                return Err(PortError::Unavailable { what: what(), source: Box::new(source) });
            }
            entries = left.into_iter().map(|(_, entry)| entry.clone()).collect();
            tokio::time::sleep(BACKOFF * 2u32.pow(tries)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, bounded};
    use crate::limits::{EVENT_CODES_MAX, EVENTS_AT_ONCE};
    use sluice_normalizer::{BatchId, TableName};

    /// EventBridge's bound on one call, bytes.
    const CALL_BYTES_MAX: usize = 256 * 1024;

    #[test]
    fn details_tell_counts() {
        let table = TableName::parse(&"t".repeat(100)).expect("a table name");
        let batch = BatchId::from_stored(&"0a".repeat(16)).expect("an id");
        let rejects = (0..200).map(|n| (format!("{n}{}", "c".repeat(60)), u64::MAX / 200 - n));
        let rejects = bounded(&rejects.collect());
        assert_eq!(rejects.len(), EVENT_CODES_MAX + 1);
        let largest =
            Event::DocumentRejected { table, batch: batch.clone(), documents: u64::MAX, rejects };
        assert!(largest.detail().len() * EVENTS_AT_ONCE < CALL_BYTES_MAX);

        let table = TableName::parse("orders").expect("a table name");
        let (of, id) = (table.clone(), batch.clone());
        let rejects = [("bad_utf8".to_owned(), 1), ("not_an_object".to_owned(), 20)].into();
        let rejected = Event::DocumentRejected {
            table: table.clone(),
            batch: batch.clone(),
            documents: 1,
            rejects,
        };
        let expected = r#"{"table":"orders","batch":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","documents":1,"rejects":{"bad_utf8":1,"not_an_object":20},"codes":"1 bad_utf8, 20 not_an_object"}"#;
        assert_eq!(
            (rejected.detail_type(), rejected.detail().as_str()),
            ("document.rejected", expected)
        );

        let conflict = Event::TypeConflict { table: of, batch: id, paths: 3 };
        let expected = r#"{"table":"orders","batch":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","paths":3}"#;
        assert_eq!(
            (conflict.detail_type(), conflict.detail().as_str()),
            ("type.conflict", expected)
        );
        let dead = Event::BatchDead { table, batch, sends: 2 };
        let expected = expected.replace("paths\":3", "sends\":2");
        assert_eq!((dead.detail_type(), dead.detail()), ("batch.dead", expected));

        // What the messages to people take from events is there.
        let rules = include_str!("../../../cloudformation/notifications.yaml");
        let details = [rejected, conflict, dead].map(|event| event.detail()).concat();
        let mut paths = 0;
        for path in rules.split("$.detail.").skip(1) {
            let name = path.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
            assert!(details.contains(&format!("\"{name}\":")), "no event has {name}");
            paths += 1;
        }
        assert!(paths > 10, "{paths} paths");
    }
}

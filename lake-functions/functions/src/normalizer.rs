//! The normalizer: batches become parts.

use crate::dispatcher::answer;
use crate::log::{log, told};
use crate::metrics::{count_invocation, write_metrics};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use serde_json::{Map, json};
use sluice_aws::{Event, EventBridge, News, S3Settings, parse_message};
use sluice_pipeline::{
    BatchMessage, Catalog, Committed, Disposition, IngressStore, LakeStore, Ledger, NormalizeError,
    Normalizer, PortError, Rebuilds, Receipt, RemoveParts, SettingsInForce, WorkQueue,
    clear_rejects, end_if_given_up, forward,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Kept of the invocation's time for giving a message back; shaping does not stop for a clock, so
/// it also covers the longest stretch between two calls of a port.
const GIVE_UP_BEFORE_END: Duration = Duration::from_secs(20);

/// What a batch is not begun without.
const WORTH_BEGINNING: Duration = Duration::from_secs(10);

/// The wait after a first failed try; it doubles with each further one.
const RETRY_FIRST: Duration = Duration::from_secs(2);

/// The longest wait between tries: the table waits as well (D4).
const RETRY_MAX: Duration = Duration::from_secs(60);

/// Where the settings in force come from.
pub trait SettingsSource {
    /// The settings in force now.
    ///
    /// # Errors
    /// What a person must mend, or [`PortError`]'s text.
    fn settings(&self) -> impl Future<Output = Result<Arc<SettingsInForce>, String>> + Send;
}

impl SettingsSource for S3Settings {
    async fn settings(&self) -> Result<Arc<SettingsInForce>, String> {
        let look = self.look().await.map_err(|error| told(&error))?;
        match look.news {
            News::None => {}
            News::InForce => log("settings_in_force", json!({})),
            News::Unusable(error) => log("settings_unusable", json!({"error": told(&error)})),
        }
        Ok(look.settings)
    }
}

/// Who hears what became of a batch; what it cannot tell on is its own business.
pub trait Told {
    /// A batch was committed.
    fn committed(
        &self,
        message: &BatchMessage,
        committed: &Committed,
    ) -> impl Future<Output = ()> + Send;
}

/// Without an event bus nobody is told.
impl Told for Option<EventBridge> {
    async fn committed(&self, message: &BatchMessage, committed: &Committed) {
        let Some(bus) = self else { return };
        let events = Event::of_commit(&message.table, &message.batch, &committed.report);
        if let Err(error) = bus.publish(&events).await {
            // The batch is committed whatever its listeners heard.
            log("events_not_told", json!({"batch": message.batch.as_str(), "error": told(&error)}));
        }
    }
}

/// What the function works with.
#[derive(Debug)]
pub struct NormalizerFunction<I, L, S, C, Q, T, E> {
    /// The use case over its ports.
    pub normalizer: Normalizer<I, L, S, C>,
    /// Where batches come from.
    pub queue: Q,
    /// The settings.
    pub settings: T,
    /// Who hears of commits.
    pub told: E,
}

impl<I, L, S, C, Q, T, E> NormalizerFunction<I, L, S, C, Q, T, E>
where
    I: IngressStore,
    L: Ledger + Rebuilds,
    S: LakeStore + RemoveParts,
    C: Catalog,
    Q: WorkQueue,
    T: SettingsSource,
    E: Told,
{
    /// Normalizes the batches that the messages name, one after the other. `time`: what is left of
    /// the invocation. Answers the messages that must come again: after the first of a table, all
    /// later ones of it (FIFO).
    pub async fn handle(&self, event: SqsEvent, time: Duration) -> SqsBatchResponse {
        let end = Instant::now() + time.saturating_sub(GIVE_UP_BEFORE_END);
        count_invocation("normalizer");
        let mut waiting = BTreeSet::new();
        let mut failed = Vec::new();
        for (at, record) in event.records.iter().enumerate() {
            let group = record.attributes.get("MessageGroupId").cloned().unwrap_or_default();
            if waiting.contains(&group) || !self.one(record, end).await {
                waiting.insert(group);
                failed.push(at);
            }
        }
        answer(&event, failed)
    }

    /// Whether the message is done with.
    async fn one(&self, record: &SqsMessage, end: Instant) -> bool {
        let began = Instant::now();
        let message = match parse_message(record.body.as_deref().unwrap_or_default()) {
            Ok(message) => message,
            Err(error) => {
                let error = told(&error);
                log("no_batch_message", json!({"message": record.message_id, "error": error}));
                return false;
            }
        };
        let batch = message.batch.as_str();
        let receives = attribute(record, "ApproximateReceiveCount").unwrap_or(1);
        let left = end.saturating_duration_since(began);
        if left < WORTH_BEGINNING {
            log("no_time_left", json!({"batch": batch}));
            self.give_back(record, Duration::ZERO).await;
            return false;
        }
        let settings = match self.settings.settings().await {
            Ok(settings) => settings,
            Err(error) => {
                log("settings_unusable", json!({"batch": batch, "error": error}));
                self.give_back(record, pause(receives)).await;
                return false;
            }
        };
        let work = async {
            if self.is_given_up(&message).await? {
                return Ok(Vec::new());
            }
            let committed = self.normalizer.normalize(&message, receives, &settings).await?;
            if !self.is_given_up(&message).await? {
                self.forward(&message).await?;
            }
            Ok::<_, NormalizeError>(committed)
        };
        // A call that is dropped closes its connection: nothing is left to write when the function
        // is frozen and thaws.
        match tokio::time::timeout(left, work).await {
            Ok(Ok(committed)) => {
                for committed in &committed {
                    self.told.committed(&message, committed).await;
                }
                figures(&message, &committed, record, began);
                true
            }
            Ok(Err(error)) => {
                let stop = error.disposition() == Disposition::Stop;
                log(
                    "batch_failed",
                    json!({"batch": batch, "table": message.table.as_str(), "receives": receives,
                        "stop": stop, "error": told(&error)}),
                );
                self.give_back(record, pause(receives)).await;
                false
            }
            Err(_) => {
                log("out_of_time", json!({"batch": batch, "receives": receives}));
                self.give_back(record, RETRY_FIRST).await;
                false
            }
        }
    }

    /// Whether the batch is of a rebuild that was given up; then it is ended.
    async fn is_given_up(&self, message: &BatchMessage) -> Result<bool, PortError> {
        let Normalizer { ledger, lake, .. } = &self.normalizer;
        let over = end_if_given_up(ledger, lake, message).await?;
        if over {
            log("batch_of_given_up_rebuild", json!({"batch": message.batch.as_str()}));
        }
        Ok(over)
    }

    /// Before its message is acknowledged, a batch of a generation that a rebuild took the place of
    /// is carried over to the one that did.
    async fn forward(&self, message: &BatchMessage) -> Result<(), PortError> {
        let Normalizer { ledger, lake, .. } = &self.normalizer;
        if let Some(late) = forward(ledger, &self.queue, message).await? {
            let (batch, to) = (message.batch.as_str(), late.generation);
            log("late_batch_forwarded", json!({"batch": batch, "as": late.id.as_str(), "to": to}));
            clear_rejects(ledger, lake, &message.batch).await?;
        }
        Ok(())
    }

    /// Lets a message come again soon; otherwise its table waits for the visibility timeout.
    async fn give_back(&self, record: &SqsMessage, delay: Duration) {
        let Some(receipt) = &record.receipt_handle else { return };
        let given: Result<(), PortError> =
            self.queue.release(&Receipt(receipt.clone()), delay).await;
        if let Err(error) = given {
            // It comes again all the same, later.
            log("release_failed", json!({"message": record.message_id, "error": told(&error)}));
        }
    }
}

fn pause(receives: u32) -> Duration {
    (RETRY_FIRST * (1 << receives.saturating_sub(1).min(10))).min(RETRY_MAX)
}

fn attribute(record: &SqsMessage, name: &str) -> Option<u32> {
    record.attributes.get(name)?.parse().ok()
}

fn figures(message: &BatchMessage, batches: &[Committed], record: &SqsMessage, began: Instant) {
    let sum = |count: &dyn Fn(&Committed) -> u64| batches.iter().map(count).sum::<u64>() as f64;
    let rows = |batch: &Committed| batch.report.tables.iter().map(|table| table.rows).sum();
    let sent_ms: Option<u64> =
        record.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
    let now_ms = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0));
    let lag_ms = sent_ms.map_or(0, |sent| now_ms.saturating_sub(sent));
    let figures = [
        ("Documents", "Count", sum(&|batch| batch.report.documents)),
        ("Rows", "Count", sum(&rows)),
        ("Rejects", "Count", sum(&|batch| batch.report.rejects.values().sum())),
        ("Conflicts", "Count", sum(&|batch| batch.report.conflicts.len() as u64)),
        ("PartBytes", "Bytes", sum(&|batch| batch.parts.iter().map(|part| part.bytes).sum())),
        ("Lag", "Milliseconds", lag_ms as f64),
        ("Duration", "Milliseconds", began.elapsed().as_secs_f64() * 1_000.0),
    ];
    let mut ids = Map::new();
    ids.insert("batch".to_owned(), message.batch.as_str().into());
    ids.insert("table".to_owned(), message.table.as_str().into());
    write_metrics("normalizer", &figures, ids);
}

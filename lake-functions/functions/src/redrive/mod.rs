//! Redrive and sweep: what was left behind is sent again (D6). One function: both send the same
//! batches to the same queue, and each is told by its event which it is to do.

mod answer;
mod dead;
mod request;
mod sweep;

use crate::log::{log, told};
use answer::{RedriveAnswer, SweepAnswer};
use request::{Action, Request};
use serde_json::{Value, json};
use sluice_aws::{Aws, DynamoLedger, EventBridge, S3IngressStore, S3Inventory, SqsWorkQueue};
use sluice_pipeline::{DispatchLimits, Intent};
use std::error::Error;
use std::pin::Pin;
use std::time::{Duration, Instant};

pub use request::RequestError;

/// Kept of the invocation's time for what is under way when it is over: some thousands of documents
/// looked at and dispatched, and what is left of a redrive's list.
const STOP_BEFORE_END: Duration = Duration::from_secs(90);

/// When calls that hang are dropped, so that the answer still comes.
const DROP_BEFORE_END: Duration = Duration::from_secs(5);

/// What the function works with.
#[derive(Debug)]
pub struct RedriveFunction {
    /// The way to AWS, for what an invocation has of its own.
    pub aws: Aws,
    /// The documents.
    pub ingress: S3IngressStore,
    /// Lists of the documents.
    pub inventory: S3Inventory,
    /// Which batch holds which document.
    pub ledger: DynamoLedger,
    /// How long the ledger's claims live, days.
    pub claim_days: u32,
    /// Where batches are sent.
    pub queue: SqsWorkQueue,
    /// Where those wait that were handed out too often.
    pub dead_letter_queue_url: String,
    /// Who hears of dead batches.
    pub told: Option<EventBridge>,
    /// How large a swept batch may be.
    pub limits: DispatchLimits,
}

/// Why an invocation fails: Lambda shows the text, counts an error, and an alarm can tell.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// The event asks for nothing the function does.
    #[error("{}", told(.0))]
    Request(#[from] RequestError),
    /// Not all could be done; what was is in the log. The next invocation goes on.
    #[error("{action} failed: {}", .causes.join("; "))]
    Failed {
        /// What was asked for.
        action: &'static str,
        /// Each with its causes.
        causes: Vec<String>,
    },
}

/// The time that an invocation has.
#[derive(Debug, Clone, Copy)]
struct Time {
    /// Nothing is begun after it.
    stop: Instant,
    /// Nothing is waited for after it.
    drop: Instant,
}

impl Time {
    fn is_up(&self) -> bool {
        Instant::now() >= self.stop
    }
}

impl RedriveFunction {
    /// Does what the event asks for. `time`: what is left of the invocation; what does not fit into it
    /// is left for the next one. Answers counts and ids.
    ///
    /// # Errors
    /// [`RedriveError`].
    pub async fn handle(&self, event: Value, time: Duration) -> Result<Value, RedriveError> {
        let began = Instant::now();
        let time = Time {
            stop: began + time.saturating_sub(STOP_BEFORE_END),
            drop: began + time.saturating_sub(DROP_BEFORE_END),
        };
        let request = Request::parse(event, self.claim_days).inspect_err(|error| {
            log("no_request", json!({"error": told(error)}));
        })?;
        let (answer, causes) = match request.action {
            Action::Redrive => {
                let mut answer = RedriveAnswer::new(request.intent);
                let causes = self.redrive(request.intent, time, &mut answer).await;
                answer.write_metrics(causes.len());
                (answer.json(), causes)
            }
            Action::Sweep { days } => {
                let mut answer = SweepAnswer::new(request.intent, days);
                let causes = self.sweep(request.intent, days, time, &mut answer).await;
                answer.write_metrics(causes.len());
                (answer.json(), causes)
            }
        };
        let action = request.action.as_str();
        log(action, json!({"did": answer, "errors": causes}));
        if causes.is_empty() { Ok(answer) } else { Err(RedriveError::Failed { action, causes }) }
    }
}

/// In a box: all calls of a sweep in one type are more than the compiler follows.
type Work<'w, T> = Pin<Box<dyn Future<Output = T> + 'w>>;

/// Waits for work until the time to drop it.
async fn within<T, E: Error>(time: Time, work: Work<'_, Result<T, E>>) -> Result<T, String> {
    match tokio::time::timeout_at(time.drop.into(), work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(told(&error)),
        Err(_) => Err("a call did not end within the invocation's time".to_owned()),
    }
}

/// Whether the world may be changed.
fn acts(intent: Intent) -> bool {
    intent == Intent::Act
}

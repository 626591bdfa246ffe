//! The dispatcher: announced objects become batches.

use crate::announced::announced;
use crate::log::{log, told};
use crate::metrics::{count_invocation, write_metrics};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use serde_json::{Map, json};
use sluice_aws::S3IngressStore;
use sluice_normalizer::DocumentId;
use sluice_pipeline::{DispatchLimits, Ledger, WorkQueue, dispatch};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// What the function works with.
#[derive(Debug)]
pub struct Dispatcher<L, Q> {
    /// Where the front door writes.
    pub bucket: String,
    /// What it wrote there.
    pub objects: S3IngressStore,
    /// Which batch holds which document.
    pub ledger: L,
    /// Where batches are sent.
    pub queue: Q,
    /// How large a batch may be.
    pub limits: DispatchLimits,
}

impl<L: Ledger, Q: WorkQueue> Dispatcher<L, Q> {
    /// Dispatches what the messages announce. Answers the messages that must come again; those that
    /// are no notification end in the dead-letter queue that way.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let began = Instant::now();
        count_invocation("dispatcher");
        let mut failed = BTreeSet::new();
        let (mut foreign, mut renamed, mut gone) = (0, 0_u64, 0_u64);
        // Each document once, with the messages that announced it.
        let mut documents: BTreeMap<DocumentId, Vec<usize>> = BTreeMap::new();
        for (at, message) in event.records.iter().enumerate() {
            match announced(message.body.as_deref().unwrap_or_default(), &self.bucket) {
                Ok(announced) => {
                    foreign += announced.foreign;
                    for key in announced.misnamed {
                        match self.objects.rename(&key).await {
                            Ok(None) => gone += 1,
                            Ok(Some(id)) => {
                                log("renamed", json!({"document": id.as_str()}));
                                renamed += 1;
                            }
                            Err(error) => {
                                log("rename_failed", json!({"error": told(&error)}));
                                failed.insert(at);
                            }
                        }
                    }
                    for id in announced.documents {
                        documents.entry(id).or_default().push(at);
                    }
                }
                Err(_) => {
                    log("no_notification", json!({"message": message.message_id}));
                    failed.insert(at);
                }
            }
        }
        let (ids, messages): (Vec<_>, Vec<_>) = documents.into_iter().unzip();
        let found = self.objects.owed(&ids).await.into_iter().zip(messages);
        let mut heads = Vec::new();
        let mut first_error = None;
        for (found, messages) in found {
            match found {
                Ok(Some(head)) => heads.push(head),
                // Old versions are kept for longer than messages wait.
                Ok(None) => gone += 1,
                Err(error) => {
                    failed.extend(messages);
                    first_error.get_or_insert(error);
                }
            }
        }
        if let Some(error) = first_error {
            log("heads_failed", json!({"error": told(&error)}));
        }
        // In the order they came, whatever order they were told in.
        heads.sort_by(|a, b| (a.received_at_ms, &a.id).cmp(&(b.received_at_ms, &b.id)));
        let batches = match dispatch(&self.ledger, &self.queue, &heads, &self.limits).await {
            Ok(batches) => batches.len(),
            Err(error) => {
                log("dispatch_failed", json!({"error": told(&error)}));
                failed.extend(0..event.records.len());
                0
            }
        };
        let figures = [
            ("Announced", "Count", ids.len() as f64),
            ("Batches", "Count", batches as f64),
            ("RenamedObjects", "Count", renamed as f64),
            ("ForeignObjects", "Count", foreign as f64),
            ("GoneObjects", "Count", gone as f64),
            ("FailedMessages", "Count", failed.len() as f64),
            ("Duration", "Milliseconds", began.elapsed().as_secs_f64() * 1_000.0),
        ];
        write_metrics("dispatcher", &figures, Map::new());
        answer(&event, failed)
    }
}

/// Names the messages that must come again.
pub(crate) fn answer(
    event: &SqsEvent,
    failed: impl IntoIterator<Item = usize>,
) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for at in failed {
        // A message without an id cannot be named: an empty one fails all, which is safe.
        response.add_failure(event.records[at].message_id.clone().unwrap_or_default());
    }
    response
}

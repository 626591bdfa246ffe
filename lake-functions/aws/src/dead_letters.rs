//! The dead-letter queue of the FIFO queue, which is FIFO as well.
//!
//! SQS shows a message only by handing it out, and while one of a group (a table) is out, no other of
//! it is. So of one table a list has at most the ten that one receive brings; the others come once
//! these are deleted, or are visible again and then first in line again. Dead letters whose batches
//! are not committed can thus hide later ones of their table from every redrive; the batches of those
//! are sent again by the sweep all the same, since they are open.
//!
//! What is listed is out for [`DEAD_LETTER_SECONDS`] at most: a redrive that ends gives it back at
//! once, and one that is killed keeps it from the next one for that long.
//!
//! `ApproximateReceiveCount` does not tell whether a letter is seen for the first time: looking at it
//! without acting counts as well. The ledger remembers which deaths were told.

use crate::clients::Aws;
use crate::failure::CallFailed;
use crate::limits::{DEAD_LETTER_SECONDS, RECEIVE_WAIT_SECONDS};
use crate::queue_message::parse_message;
use crate::work_queue::SqsWorkQueue;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, Message};
use sluice_pipeline::{DeadLetter, DeadLetters, PortError, Receipt, WorkQueue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// SQS's bound on one receive, and on one batch of changes.
const AT_ONCE: usize = 10;

/// The dead letters as one redrive sees them: it remembers what it listed.
#[derive(Debug)]
pub struct SqsDeadLetters {
    client: Client,
    url: String,
    queue: SqsWorkQueue,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// By message, the receipt of its newest delivery; those deleted are gone.
    out: BTreeMap<String, String>,
    /// Messages that are none of a batch.
    unreadable: BTreeSet<String>,
}

impl SqsDeadLetters {
    /// The dead-letter queue at `url`.
    #[must_use]
    pub fn new(aws: &Aws, url: String) -> Self {
        let queue = SqsWorkQueue::new(aws, url.clone());
        SqsDeadLetters { client: aws.sqs(), url, queue, seen: Mutex::default() }
    }

    /// The ids of the messages listed so far that are no batch's. They stay in the queue for a person
    /// to look at.
    #[must_use]
    pub fn unreadable(&self) -> Vec<String> {
        self.seen().unreadable.iter().cloned().collect()
    }

    /// Makes what was listed and not deleted visible again.
    ///
    /// # Errors
    /// [`PortError`]; then, too, it is visible again within a minute.
    pub async fn give_back(&self) -> Result<(), PortError> {
        let out: Vec<String> = std::mem::take(&mut self.seen().out).into_values().collect();
        for receipts in out.chunks(AT_ONCE) {
            let entries = receipts.iter().enumerate().map(|(at, receipt)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder();
                let entry = entry.id(at.to_string()).receipt_handle(receipt).visibility_timeout(0);
                entry.build().expect("all is set")
            });
            let change = self.client.change_message_visibility_batch().queue_url(&self.url);
            // Of single ones that fail the time is up, which is what was asked for.
            let changed = change.set_entries(Some(entries.collect())).send().await;
            let what = || "give dead letters back".to_owned();
            changed.map_err(|error| CallFailed::of(&error).at(what()))?;
        }
        Ok(())
    }

    async fn receive(&self, max: usize) -> Result<Vec<Message>, PortError> {
        let receive = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(max.min(AT_ONCE)).unwrap_or(1))
            .visibility_timeout(DEAD_LETTER_SECONDS)
            .wait_time_seconds(RECEIVE_WAIT_SECONDS);
        let what = || "list dead letters".to_owned();
        let received = receive.send().await.map_err(|error| CallFailed::of(&error).at(what()))?;
        Ok(received.messages.unwrap_or_default())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeadLetters for SqsDeadLetters {
    /// What is no batch's message is left out, and counts towards `max`.
    async fn list(&self, max: usize) -> Result<Vec<DeadLetter>, PortError> {
        let mut letters = Vec::new();
        let mut received = 0;
        while received < max {
            let messages = self.receive(max - received).await?;
            if messages.is_empty() {
                break;
            }
            received += messages.len();
            let mut seen = self.seen();
            for message in messages {
                let id = message.message_id.unwrap_or_default();
                let Some(receipt) = message.receipt_handle else { continue };
                seen.out.insert(id.clone(), receipt.clone());
                match parse_message(message.body.as_deref().unwrap_or_default()) {
                    Ok(message) => {
                        letters.push(DeadLetter { message, receipt: Receipt(receipt) });
                    }
                    Err(_) => {
                        seen.unreadable.insert(id);
                    }
                }
            }
        }
        Ok(letters)
    }

    async fn delete(&self, receipt: &Receipt) -> Result<(), PortError> {
        self.queue.delete(receipt).await?;
        self.seen().out.retain(|_, out| *out != receipt.0);
        Ok(())
    }
}

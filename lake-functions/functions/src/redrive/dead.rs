//! Redrive: dead letters are sent again.

use super::answer::RedriveAnswer;
use super::{RedriveFunction, Time, acts, within};
use crate::log::{log, told};
use serde_json::json;
use sluice_aws::{Event, SqsDeadLetters};
use sluice_pipeline::{BatchMessage, Intent, PortError, Redriven, redrive};
use std::collections::HashSet;

/// Dead letters listed at once: what is done with them must end before they are visible again.
const LETTERS_AT_ONCE: usize = 100;

impl RedriveFunction {
    /// Answers what failed.
    pub(super) async fn redrive(
        &self,
        intent: Intent,
        time: Time,
        answer: &mut RedriveAnswer,
    ) -> Vec<String> {
        let dead = SqsDeadLetters::new(&self.aws, self.dead_letter_queue_url.clone());
        let mut failed = Vec::new();
        if let Err(error) = within(time, Box::pin(self.rounds(&dead, intent, time, answer))).await {
            failed.push(error);
        }
        for message in dead.unreadable() {
            log("unreadable_dead_letter", json!({"message": message}));
            answer.unreadable.add(message);
        }
        // A person who tried without acting wants to act now.
        if let Err(error) = within(time, Box::pin(dead.give_back())).await {
            failed.push(error);
        }
        failed
    }

    /// Lists until nothing new comes: deleting a table's letters is what brings the ones behind them.
    async fn rounds(
        &self,
        dead: &SqsDeadLetters,
        intent: Intent,
        time: Time,
        answer: &mut RedriveAnswer,
    ) -> Result<(), PortError> {
        let mut seen = HashSet::new();
        while !time.is_up() {
            let round = redrive(&self.ledger, &self.queue, dead, LETTERS_AT_ONCE, intent);
            let Redriven { mut sent, mut deleted, mut unknown } = round.await?;
            // Letters become visible again while a long redrive goes on.
            let mut is_new = |message: &BatchMessage| {
                seen.insert((message.batch.as_str().to_owned(), message.send))
            };
            sent.retain(&mut is_new);
            deleted.retain(&mut is_new);
            unknown.retain(&mut is_new);
            if sent.is_empty() && deleted.is_empty() && unknown.is_empty() {
                answer.complete = true;
                return Ok(());
            }
            answer.sent.add_batches(&sent);
            answer.deleted.add_batches(&deleted);
            answer.unknown.add_batches(&unknown);
            if acts(intent) {
                self.tell_deaths(&sent).await;
            }
        }
        Ok(())
    }

    /// Publishes the deaths that nobody was told of. Told first and remembered then: one can be told
    /// twice, none is passed over.
    async fn tell_deaths(&self, sent: &[BatchMessage]) {
        let Some(bus) = &self.told else { return };
        for BatchMessage { table, batch, send } in sent {
            let telling = async {
                // The message now sent is one more than those that died.
                if self.ledger.death_told(batch).await? < *send {
                    let (table, batch) = (table.clone(), batch.clone());
                    bus.publish(&[Event::BatchDead { table, batch, sends: *send }]).await?;
                }
                self.ledger.keep_death_told(batch, *send).await
            };
            if let Err(error) = telling.await {
                // The batch was sent whatever its listeners heard.
                let error = told(&error);
                log("events_not_told", json!({"batch": batch.as_str(), "error": error}));
            }
        }
    }
}

//! Redrive: batches whose message was set aside are sent again, never their documents (D5, D6).

use crate::batch::BatchMessage;
use crate::forward::forward;
use crate::given_up::is_given_up;
use crate::lane::send_again;
use crate::ports::{
    BatchRecord, BatchState, DeadLetter, DeadLetters, Lanes, Ledger, PortError, Rebuilds,
};
use sluice_normalizer::BatchId;
use std::collections::BTreeMap;

/// Whether to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Do it.
    Act,
    /// Only tell what would be done.
    Tell,
}

/// What a redrive did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Sent again.
    pub sent: Vec<BatchMessage>,
    /// Dead letters of committed batches, deleted.
    pub deleted: Vec<BatchMessage>,
    /// Dead letters of batches that the ledger does not know; they stay for a person.
    pub unknown: Vec<BatchMessage>,
}

/// Sends each batch that waits among the dead letters again, under its own id and the send number
/// after the highest one listed. A dead letter stays until a redrive finds its batch committed, so
/// that whatever becomes of the message sent, the batch is not forgotten.
///
/// `max`: dead letters looked at. Repeated and overlapping redrives are harmless.
///
/// # Errors
/// [`PortError`]; some may be sent or deleted then.
pub async fn redrive(
    ledger: &(impl Ledger + Rebuilds),
    queue: &impl Lanes,
    dead: &impl DeadLetters,
    max: usize,
    intent: Intent,
) -> Result<Redriven, PortError> {
    let mut of_batches: BTreeMap<BatchId, Vec<DeadLetter>> = BTreeMap::new();
    for letter in dead.list(max).await? {
        of_batches.entry(letter.message.batch.clone()).or_default().push(letter);
    }
    let mut done = Redriven::default();
    for (id, letters) in of_batches {
        match ledger.batch(&id).await? {
            Some(BatchRecord { batch, state: BatchState::Committed }) => {
                for letter in letters {
                    if intent == Intent::Act {
                        // It may be here because this was what failed. Who commits also removes the
                        // rejects that are not to be seen.
                        if forward(ledger, queue, &letter.message).await?.is_some()
                            || is_given_up(ledger, &batch.table, batch.generation).await?
                        {
                            let send = letter.message.send.saturating_add(1);
                            let message = BatchMessage { send, ..letter.message.clone() };
                            send_again(ledger, queue, &message, batch.generation).await?;
                        }
                        dead.delete(&letter.receipt).await?;
                    }
                    done.deleted.push(letter.message);
                }
            }
            Some(BatchRecord { batch, state: BatchState::Open }) => {
                let newest = letters.into_iter().map(|letter| letter.message);
                let Some(newest) = newest.max_by_key(|message| message.send) else { continue };
                // A queue that drops repeated messages does not drop this one.
                let message = BatchMessage { send: newest.send.saturating_add(1), ..newest };
                if intent == Intent::Act {
                    send_again(ledger, queue, &message, batch.generation).await?;
                }
                done.sent.push(message);
            }
            None => done.unknown.extend(letters.into_iter().map(|letter| letter.message)),
        }
    }
    Ok(done)
}

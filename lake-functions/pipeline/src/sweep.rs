//! The sweep: what no event announced, and what was begun and never ended (D6).

use crate::batch::{Batch, BatchMessage};
use crate::dispatch::{DispatchLimits, dispatch, group};
use crate::document::DocumentHead;
use crate::lane::send_again;
use crate::ports::{Lanes, Ledger, OpenBatch, OpenBatches, PortError, WorkQueue};
use crate::redrive::Intent;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_normalizer::TableName;
use std::collections::BTreeMap;
use std::ops::Range;

/// The send number of a swept batch. Not 0, as what earlier tries left counts; and always the same,
/// since a queue that drops it had the same message a moment ago.
const SWEPT: u32 = 1;

/// Documents looked up at the same time.
const LOOKS_AT_ONCE: usize = 64;

/// Makes batches of those documents that no batch claimed, and sends them. One that is claimed a
/// moment later, or waits in a batch that nobody took up yet, is in two batches then, and claims
/// decide.
///
/// `heads`: of an inventory, or a page of it; may be old and hold documents twice. `received_ms`:
/// which of them to look at, by receive time. Its start must lie within the claims' lifetime (a
/// document whose claim is forgotten would be normalized twice), its end a little in the past (what
/// just came is about to be announced).
///
/// Answers the batches sent, or those that would be.
///
/// # Errors
/// [`PortError`]; some may be sent then.
pub async fn sweep_documents(
    ledger: &impl Ledger,
    queue: &impl WorkQueue,
    heads: &[DocumentHead],
    received_ms: Range<i64>,
    limits: &DispatchLimits,
    intent: Intent,
) -> Result<Vec<Batch>, PortError> {
    let young = || heads.iter().filter(|head| received_ms.contains(&head.received_at_ms));
    let mut generations: BTreeMap<&TableName, u32> = BTreeMap::new();
    for head in young() {
        if !generations.contains_key(&head.table) {
            generations.insert(&head.table, ledger.generation(&head.table).await?);
        }
    }
    let generation = |table: &TableName| generations.get(table).copied().unwrap_or(1);
    // After an outage there can be a great many.
    let forgotten = stream::iter(young())
        .map(async |head| {
            let known = ledger.document(&head.table, generation(&head.table), &head.id).await?;
            Ok(known.is_none().then(|| head.clone()))
        })
        .buffered(LOOKS_AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
    let forgotten: Vec<DocumentHead> = forgotten.into_iter().flatten().collect();
    match intent {
        Intent::Act => dispatch(ledger, queue, &forgotten, limits).await,
        Intent::Tell => Ok(group(&forgotten, &generation, limits)),
    }
}

/// Sends the batches again that were made before `made_before_ms` (milliseconds since 1970 UTC) and
/// are not committed: their message was never sent, or is gone.
///
/// Answers the messages sent, or those that would be.
///
/// # Errors
/// [`PortError`]; some may be sent then.
pub async fn sweep_batches(
    ledger: &impl Ledger,
    open: &impl OpenBatches,
    queue: &impl Lanes,
    made_before_ms: i64,
    intent: Intent,
) -> Result<Vec<BatchMessage>, PortError> {
    let mut sent = Vec::new();
    let mut from = None;
    loop {
        let page = open.open_batches(made_before_ms, from.as_deref()).await?;
        for OpenBatch { table, generation, id } in page.batches {
            let message = BatchMessage { table, batch: id, send: SWEPT };
            if intent == Intent::Act {
                send_again(ledger, queue, &message, generation).await?;
            }
            sent.push(message);
        }
        from = page.next;
        if from.is_none() {
            return Ok(sent);
        }
    }
}

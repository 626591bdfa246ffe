//! Late batches: what a batch of an earlier generation committed is dispatched into the current one.

use crate::batch::{Batch, BatchMessage};
use crate::plan::Plan;
use crate::ports::{BatchRecord, Ledger, PortError, RemoveParts, WorkQueue};
use sluice_normalizer::{BatchId, REJECTS_TABLE};
use std::collections::BTreeSet;

/// Dispatches the documents of a batch that is committed into the current generation of its table,
/// where that is a later one: a rebuild that listed the batches before this one was there did not
/// replay them. Call it after the commit, and before its message or dead letter is deleted; see
/// [`crate::Rebuilder`] for why that is enough. Documents that the generation has already are only
/// claimed in vain.
///
/// Answers the batch made, none where the batch is of the current generation, or of one that is not
/// seen yet.
///
/// # Errors
/// [`PortError`]: the message must come again.
pub async fn forward(
    ledger: &impl Ledger,
    queue: &impl WorkQueue,
    message: &BatchMessage,
) -> Result<Option<Batch>, PortError> {
    let current = ledger.generation(&message.table).await?;
    if current <= 1 {
        // Most tables were never rebuilt: the batch need not be read for them.
        return Ok(None);
    }
    let Some(BatchRecord { batch, .. }) = ledger.batch(&message.batch).await? else {
        return Ok(None);
    };
    if batch.generation >= current {
        return Ok(None);
    }
    // The members, not what it claimed: a batch that fell into pieces claimed nothing itself.
    let late = Batch::new(batch.table, current, batch.documents);
    ledger.create_batch(&late).await?;
    let (table, id) = (late.table.clone(), late.id.clone());
    queue.send(&BatchMessage { table, batch: id, send: 0 }).await?;
    Ok(Some(late))
}

/// Removes the rejects of a batch whose generation is not the one that people query: rejects of all
/// generations share one table, where the same record would be seen twice (I-2). Also of its pieces,
/// as far as they are planned.
///
/// # Errors
/// [`PortError`].
pub async fn clear_rejects(
    ledger: &impl Ledger,
    lake: &impl RemoveParts,
    id: &BatchId,
) -> Result<(), PortError> {
    let plan = ledger.plan(id).await?;
    if let Some(plan) = plan.filter(|plan| !plan.documents.is_empty()) {
        return remove_rejects(lake, &plan).await;
    }
    let Some(BatchRecord { batch, .. }) = ledger.batch(id).await? else { return Ok(()) };
    let holder = async |document| {
        let held = ledger.document(&batch.table, batch.generation, document).await?;
        Ok::<_, PortError>(held.map(|record| record.batch).filter(|holder| holder != id))
    };
    // Others hold its documents: its pieces, which are claimed in the order of the members, or batches
    // of the same generation all the same. Where the first is nobody else's, it has no pieces.
    let Some(first) = batch.documents.first() else { return Ok(()) };
    let mut holders: BTreeSet<BatchId> = holder(first).await?.into_iter().collect();
    if holders.is_empty() {
        return Ok(());
    }
    for document in &batch.documents[1..] {
        holders.extend(holder(document).await?);
    }
    for holder in holders {
        if let Some(plan) = ledger.plan(&holder).await? {
            remove_rejects(lake, &plan).await?;
        }
    }
    Ok(())
}

pub(crate) async fn remove_rejects(lake: &impl RemoveParts, plan: &Plan) -> Result<(), PortError> {
    for part in plan.parts.iter().filter(|part| part.table == REJECTS_TABLE) {
        lake.remove_part(&part.key).await?;
    }
    Ok(())
}

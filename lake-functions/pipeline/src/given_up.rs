//! Rebuilds that were given up: what is left of their batches ends without rows.

use crate::batch::BatchMessage;
use crate::forward::clear_rejects;
use crate::ports::{Ledger, PortError, Rebuilds, RemoveParts};
use crate::rebuild::{Rebuild, RebuildState};
use sluice_normalizer::TableName;

/// Ends a batch that a rebuild made which was given up: its documents are in the batches of the
/// generation that they were replayed from, and nobody will ever see its own. Its rejects go, since
/// those of all generations share one table, where the same record would be seen twice (I-2).
///
/// Call it before a batch is normalized, and again once it is: a rebuild may be given up in between.
/// Whichever comes later, giving up or the commit, sees the other, because both write before they
/// look.
///
/// Answers whether the batch was one; nothing is to be done with its message then but to delete it.
///
/// # Errors
/// [`PortError`]: the message must come again.
pub async fn end_if_given_up(
    ledger: &(impl Ledger + Rebuilds),
    lake: &impl RemoveParts,
    message: &BatchMessage,
) -> Result<bool, PortError> {
    // Most tables have no rebuild, or none that is not over: the batch need not be read for them.
    let Some(last) = last_unseen(ledger, &message.table).await? else { return Ok(false) };
    let Some(record) = ledger.batch(&message.batch).await? else { return Ok(false) };
    if !is_over(ledger, &message.table, &last, record.batch.generation).await? {
        return Ok(false);
    }
    ledger.commit(&message.batch, &[]).await?;
    clear_rejects(ledger, lake, &message.batch).await?;
    Ok(true)
}

/// Whether a rebuild into the generation was given up, so that it will never be the current one.
pub(crate) async fn is_given_up(
    ledger: &(impl Ledger + Rebuilds),
    table: &TableName,
    generation: u32,
) -> Result<bool, PortError> {
    match last_unseen(ledger, table).await? {
        Some(last) => is_over(ledger, table, &last, generation).await,
        None => Ok(false),
    }
}

/// The table's last rebuild, unless people query what it made: what is there of it then is seen.
async fn last_unseen(
    ledger: &impl Rebuilds,
    table: &TableName,
) -> Result<Option<Rebuild>, PortError> {
    let last = ledger.rebuild(table).await?;
    Ok(last.filter(|last| last.state != RebuildState::Switched))
}

/// `last`: as it was read a moment ago.
async fn is_over(
    ledger: &impl Ledger,
    table: &TableName,
    last: &Rebuild,
    generation: u32,
) -> Result<bool, PortError> {
    // A rebuild begins only once the one before is over.
    let over = last.to > generation || (last.to == generation && last.state.is_given_up());
    // Read after the rebuild: one that was switched to had changed the generation by then.
    Ok(over && generation > ledger.generation(table).await?)
}

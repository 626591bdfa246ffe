//! Which lane of the queue a batch is sent again in.

use crate::batch::BatchMessage;
use crate::ports::{Lanes, Ledger, PortError};

/// Sends a batch that was sent before. One of a generation that is not the current one yet, which a
/// rebuild made, goes beside the live ones, as at first: what people just posted does not wait behind
/// a table's whole history.
///
/// `generation`: the batch's.
///
/// # Errors
/// [`PortError`].
pub(crate) async fn send_again(
    ledger: &impl Ledger,
    queue: &impl Lanes,
    message: &BatchMessage,
    generation: u32,
) -> Result<(), PortError> {
    // The first generation of a table is never ahead of the current one.
    if generation > 1 && generation > ledger.generation(&message.table).await? {
        return queue.beside(generation).send(message).await;
    }
    queue.send(message).await
}

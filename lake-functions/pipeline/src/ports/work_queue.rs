//! The queue of batches.

use super::PortError;
use crate::batch::BatchMessage;
use std::time::Duration;

/// A message handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What was sent.
    pub message: BatchMessage,
    /// How often it was handed out, this time included.
    pub receives: u32,
    /// Names this delivery.
    pub receipt: Receipt,
}

/// Names a delivery to the queue that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt(pub String);

/// First in, first out per table, at least once; while a message of a table is out, no other of
/// that table is handed out.
pub trait WorkQueue {
    /// Adds a message behind those of its table. The same batch and send number sent again may or
    /// may not be a second message.
    ///
    /// # Errors
    /// [`PortError`].
    fn send(&self, message: &BatchMessage) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Hands out a message that is due; none when there is none.
    ///
    /// # Errors
    /// [`PortError`].
    fn receive(&self) -> impl Future<Output = Result<Option<Delivery>, PortError>> + Send;

    /// The message is done with. A receipt that is no longer valid changes nothing.
    ///
    /// # Errors
    /// [`PortError`].
    fn delete(&self, receipt: &Receipt) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Gives a message back; it is due again after `delay`, still ahead of the others of its table.
    ///
    /// # Errors
    /// [`PortError`].
    fn release(
        &self,
        receipt: &Receipt,
        delay: Duration,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

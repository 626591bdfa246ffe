//! Messages that were handed out too often and wait for somebody.

use super::{PortError, Receipt};
use crate::batch::BatchMessage;

/// A message set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// What was sent.
    pub message: BatchMessage,
    /// Names it to [`DeadLetters::delete`].
    pub receipt: Receipt,
}

/// The messages set aside. They stay until they are deleted, or as long as the queue keeps any.
pub trait DeadLetters {
    /// Some of them, at most `max`; none when there are none. A queue may leave out for a while what
    /// it listed, or what waits behind it.
    ///
    /// # Errors
    /// [`PortError`].
    fn list(&self, max: usize) -> impl Future<Output = Result<Vec<DeadLetter>, PortError>> + Send;

    /// Removes one for good. A receipt that is no longer valid changes nothing.
    ///
    /// # Errors
    /// [`PortError`].
    fn delete(&self, receipt: &Receipt) -> impl Future<Output = Result<(), PortError>> + Send;
}

//! What is known of documents without their bodies.

use super::PortError;
use crate::document::DocumentHead;
use sluice_normalizer::DocumentId;

/// Tells what is known of a document without reading its body.
pub trait Heads {
    /// The heads in the order of `ids`, none for those that are not stored (any more); each can fail
    /// for itself.
    fn heads(
        &self,
        ids: &[DocumentId],
    ) -> impl Future<Output = Vec<Result<Option<DocumentHead>, PortError>>> + Send;
}

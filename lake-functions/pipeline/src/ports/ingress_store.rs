//! Where accepted documents are kept.

use super::PortError;
use crate::document::{DocumentHead, StoredDocument};
use sluice_normalizer::DocumentId;

/// What became of a put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// The document is durable.
    Stored,
    /// The id is taken: the first body under it stays, this one was not kept.
    Taken(DocumentHead),
}

/// Keeps documents; none is ever overwritten.
pub trait IngressStore {
    /// Keeps a document under its id, unless the id is taken. Its head has no fault: those come from
    /// doors that do not put through this port.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] or [`PortError::Full`]; the document may have been kept all the
    /// same when the answer was lost.
    fn put(&self, document: StoredDocument) -> impl Future<Output = Result<Put, PortError>> + Send;

    /// The document, none when there is none with this id or its body was removed. A store may still
    /// have what was removed a while ago.
    ///
    /// # Errors
    /// [`PortError`].
    fn get(
        &self,
        id: &DocumentId,
    ) -> impl Future<Output = Result<Option<StoredDocument>, PortError>> + Send;

    /// Several documents in the order of `ids`; none for those that [`IngressStore::get`] has none
    /// of.
    ///
    /// # Errors
    /// [`PortError`].
    fn get_all(
        &self,
        ids: &[DocumentId],
    ) -> impl Future<Output = Result<Vec<Option<StoredDocument>>, PortError>> + Send;
}

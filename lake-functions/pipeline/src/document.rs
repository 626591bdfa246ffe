//! A document as stores and queues know it.

use sluice_normalizer::{Document, DocumentId, Encoding, Form, TableName, WholeReject};

/// What is known of an accepted document without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentHead {
    /// Its id, unique in the whole store.
    pub id: DocumentId,
    /// The table it was posted to.
    pub table: TableName,
    /// When it was accepted, milliseconds since 1970 UTC.
    pub received_at_ms: i64,
    /// Who posted it, where known.
    pub principal: Option<String>,
    /// How the body holds its records.
    pub form: Form,
    /// How the body is compressed.
    pub encoding: Encoding,
    /// The body's size as stored, bytes.
    pub bytes: u64,
    /// What the front door could not judge; such a document becomes one reject. None where it could.
    pub fault: Option<HeadFault>,
}

/// What is wrong with a document that was accepted by a front door without code (on AWS: the gateway
/// writes into the bucket).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadFault {
    /// The table's name is none; the document is filed under [`TableName::of_rejects`].
    TableName {
        /// As posted.
        posted: String,
    },
    /// A `Content-Type` that Sluice does not read.
    MediaType,
    /// A `Content-Encoding` that Sluice does not read.
    ContentEncoding,
    /// The stored object is not what the front door stores; `body` is the object as it is.
    Stored,
}

impl HeadFault {
    /// The reject that the document becomes.
    #[must_use]
    pub fn reject(&self) -> WholeReject {
        match self {
            HeadFault::TableName { posted } => WholeReject::TableName { posted: posted.clone() },
            HeadFault::MediaType => WholeReject::MediaType,
            HeadFault::ContentEncoding => WholeReject::ContentEncoding,
            HeadFault::Stored => WholeReject::Stored,
        }
    }
}

/// A document whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    /// What is known of it.
    pub head: DocumentHead,
    /// As accepted.
    pub body: Vec<u8>,
}

impl StoredDocument {
    /// As the core takes it.
    #[must_use]
    pub fn as_document(&self) -> Document<'_> {
        Document {
            id: &self.head.id,
            received_at_ms: self.head.received_at_ms,
            principal: self.head.principal.as_deref(),
            form: self.head.form,
            encoding: self.head.encoding,
            body: &self.body,
        }
    }
}

//! What comes in: one accepted request body and what is known about it.

use crate::limits::DOCUMENT_ID_CHARS_MAX;

/// A document's id: 1 to 128 characters of `[A-Za-z0-9._-]`, a UUID wherever Sluice makes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentId(String);

/// The text is no document id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a document id has 1 to {DOCUMENT_ID_CHARS_MAX} characters of letters, digits, . _ and -")]
pub struct DocumentIdError;

impl DocumentId {
    /// Parses an id.
    ///
    /// # Errors
    /// [`DocumentIdError`] when the text breaks the rule.
    pub fn parse(text: &str) -> Result<Self, DocumentIdError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if text.is_empty() || text.len() > DOCUMENT_ID_CHARS_MAX || !text.bytes().all(allowed) {
            return Err(DocumentIdError);
        }
        Ok(DocumentId(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for DocumentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a body holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `application/json`: one object, or an array of objects.
    Json,
    /// `application/x-ndjson`: one object a line.
    Ndjson,
    /// A run of array elements joined by commas, without the brackets: how one large JSON array is
    /// cut into documents.
    Elements,
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// `Content-Encoding: gzip`.
    Gzip,
}

/// One document as the core takes it.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Its id.
    pub id: &'a DocumentId,
    /// When it was accepted, milliseconds since 1970 UTC; all documents of a batch share the date.
    pub received_at_ms: i64,
    /// Who posted it, where known.
    pub principal: Option<&'a str>,
    /// How the body holds its records.
    pub form: Form,
    /// How the body is compressed.
    pub encoding: Encoding,
    /// The body as accepted, at most [`crate::limits::DOCUMENT_BYTES_MAX`] once decompressed.
    pub body: &'a [u8],
}

//! How ids are stored, and the order of documents.

use super::fault::{Damage, Fault};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use sluice_normalizer::DocumentId;
use uuid::Uuid;

/// A document's place in the order in which documents became durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub(super) i64);

impl Seq {
    /// Before all documents.
    pub const START: Seq = Seq(0);
}

/// A document's id as stored: a UUID in its usual spelling as 16 bytes, all else as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DocumentKey {
    Uuid([u8; 16]),
    Text(String),
}

impl DocumentKey {
    pub(super) fn of(id: &DocumentId) -> Self {
        let text = id.as_str();
        // Only the spelling that comes out again: other spellings of a UUID are ids of their own.
        let usual =
            |uuid: &Uuid| uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text;
        match Uuid::try_parse(text).ok().filter(usual) {
            Some(uuid) => DocumentKey::Uuid(uuid.into_bytes()),
            None => DocumentKey::Text(text.to_owned()),
        }
    }

    pub(super) fn id(self) -> Result<DocumentId, Fault> {
        let text = match self {
            DocumentKey::Uuid(bytes) => Uuid::from_bytes(bytes).hyphenated().to_string(),
            DocumentKey::Text(text) => text,
        };
        DocumentId::parse(&text).map_err(|_| Damage::Value { column: "documents.id" }.into())
    }
}

impl ToSql for DocumentKey {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            DocumentKey::Uuid(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            DocumentKey::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

impl FromSql for DocumentKey {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Blob(bytes) => {
                bytes.try_into().map(DocumentKey::Uuid).map_err(|_| FromSqlError::InvalidType)
            }
            _ => value.as_str().map(|text| DocumentKey::Text(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DocumentKey;
    use sluice_normalizer::DocumentId;

    #[test]
    fn ids_come_back_as_they_were() {
        let cases = [
            ("0192d3a4-5b6c-7d8e-9f00-112233445566", true),
            ("00000000-0000-0000-0000-000000000000", true),
            ("0192D3A4-5b6c-7d8e-9f00-112233445566", false),
            ("0192d3a45b6c7d8e9f00112233445566", false),
            ("1234567890123456", false),
            ("a.b_c-D", false),
        ];
        for (text, is_uuid) in cases {
            let id = DocumentId::parse(text).expect("a document id");
            let key = DocumentKey::of(&id);
            assert_eq!(matches!(key, DocumentKey::Uuid(_)), is_uuid, "{text}");
            assert_eq!(key.id().expect("an id"), id);
        }
    }
}

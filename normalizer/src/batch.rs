//! The id of a batch.

use crate::document::DocumentId;
use crate::table_name::TableName;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A batch's id: 32 hexadecimal digits, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(String);

/// The text is no batch id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a batch id has 32 hexadecimal digits")]
pub struct BatchIdError;

impl BatchId {
    /// The id of the batch that holds these documents, in this order, for this generation of a
    /// table: the same documents always make the same batch.
    #[must_use]
    pub fn derive<'d>(
        table: &TableName,
        generation: u32,
        documents: impl Iterator<Item = &'d DocumentId>,
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(table.as_str());
        hash.update(generation.to_be_bytes());
        for document in documents {
            hash.update([0]);
            hash.update(document.as_str());
        }
        let mut text = String::with_capacity(32);
        for byte in &hash.finalize()[..16] {
            write!(text, "{byte:02x}").expect("a String takes all text");
        }
        BatchId(text)
    }

    /// Reads an id that Sluice wrote.
    ///
    /// # Errors
    /// [`BatchIdError`] when Sluice cannot have written it.
    pub fn from_stored(text: &str) -> Result<Self, BatchIdError> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(digit) {
            return Err(BatchIdError);
        }
        Ok(BatchId(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for BatchId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::BatchId;
    use crate::{DocumentId, TableName};

    #[test]
    fn an_id_is_read_as_it_was_written() {
        let table = TableName::parse("orders").expect("a table name");
        let document = DocumentId::parse("a").expect("an id");
        let id = BatchId::derive(&table, 1, [document].iter());
        assert_eq!(BatchId::from_stored(id.as_str()), Ok(id.clone()));
        let upper = id.as_str().to_uppercase();
        for other in ["", &id.as_str()[1..], &upper, &"g".repeat(32), &"ä".repeat(16)] {
            assert!(BatchId::from_stored(other).is_err(), "{other}");
        }
    }
}

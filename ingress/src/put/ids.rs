//! The ids that `sluice put` derives, so that a repeated run sends what is there already under the
//! same ids and adds nothing.

use sha2::{Digest, Sha256};
use sluice_normalizer::TableName;
use uuid::Uuid;

/// What an id says of its document beside its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// Lines as they are: the document's size is where the next one begins.
    Lines,
    /// Lines, compressed: its size says nothing about the next one.
    GzipLines,
    /// By its whole content, compressed or not.
    Whole,
}

/// The id of the document at `offset` of `source`.
///
/// `key`: what of its content names it. That is the first line of a run of lines, since a file that
/// only grows keeps it, while the run's end is where the file ended at the time; and the whole
/// content of anything else.
pub(super) fn document_id(
    table: &TableName,
    source: &str,
    offset: u64,
    named: Named,
    key: &[u8],
) -> Uuid {
    let mut hasher = Sha256::new();
    hasher.update(match named {
        Named::Lines => b"sluice put lines\0".as_slice(),
        Named::GzipLines => b"sluice put gzip lines\0",
        Named::Whole => b"sluice put document\0",
    });
    for text in [table.as_str(), source] {
        hasher.update(text);
        hasher.update([0]);
    }
    hasher.update(offset.to_le_bytes());
    hasher.update(key);
    let digest: [u8; 32] = hasher.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::{Named, document_id};
    use sluice_normalizer::TableName;

    #[test]
    fn every_part_counts() {
        let table = |name| TableName::parse(name).expect("a table name");
        let id = document_id(&table("t"), "a", 0, Named::Lines, b"{}");
        assert_eq!(id, document_id(&table("T"), "a", 0, Named::Lines, b"{}"));
        assert_eq!(id.get_version_num(), 8);
        for other in [
            document_id(&table("u"), "a", 0, Named::Lines, b"{}"),
            document_id(&table("t"), "b", 0, Named::Lines, b"{}"),
            document_id(&table("t"), "a", 1, Named::Lines, b"{}"),
            document_id(&table("t"), "a", 0, Named::GzipLines, b"{}"),
            document_id(&table("t"), "a", 0, Named::Whole, b"{}"),
            document_id(&table("t"), "a", 0, Named::Lines, b"[]"),
        ] {
            assert_ne!(id, other);
        }
    }
}

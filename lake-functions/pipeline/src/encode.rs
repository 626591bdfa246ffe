//! A shaped batch's parts and their bytes.

use crate::content_hash::ContentHash;
use crate::plan::PlannedPart;
use sluice_normalizer::{BatchId, EncodeError, Shaped};

/// A part could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("encode the part of {table} in batch {batch}")]
pub struct EncodeFailed {
    /// The batch.
    pub batch: String,
    /// The physical table.
    pub table: String,
    /// What the encoder said.
    pub source: EncodeError,
}

/// All parts of the batch and, in the same order, their bytes.
///
/// # Errors
/// [`EncodeFailed`] for the first part that cannot be encoded.
pub fn encode_parts(
    shaped: &Shaped,
    batch: &BatchId,
) -> Result<(Vec<PlannedPart>, Vec<Vec<u8>>), EncodeFailed> {
    let mut parts = Vec::new();
    let mut contents = Vec::new();
    for part in shaped.parts(batch) {
        let content = part.encode().map_err(|source| EncodeFailed {
            batch: batch.as_str().to_owned(),
            table: part.table().to_owned(),
            source,
        })?;
        parts.push(PlannedPart {
            table: part.table().to_owned(),
            key: part.key().to_owned(),
            rows: part.rows(),
            bytes: content.len() as u64,
            sha256: ContentHash::sha256(&content),
        });
        contents.push(content);
    }
    Ok((parts, contents))
}

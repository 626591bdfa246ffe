//! Batches that are larger than they looked.

use crate::batch::Batch;
use crate::document::StoredDocument;
use sluice_normalizer::limits::{BATCH_BYTES_MAX, DOCUMENT_BYTES_MAX};
use sluice_normalizer::unpacked_bytes;

/// What deflate makes of one byte at most (zlib, "Maximum Expansion Factor": 1032:1), rounded up.
const DEFLATE_RATIO_MAX: u64 = 1_040;

/// What a batch is cut into whose bodies exceed [`BATCH_BYTES_MAX`] once decompressed, in order: none
/// if they do not. Dispatch only guesses what a compressed body unpacks to, and a hostile one
/// unpacks to a thousand times its size (I-7).
pub(crate) fn pieces(batch: &Batch, documents: &[Option<StoredDocument>]) -> Vec<Batch> {
    let max = BATCH_BYTES_MAX as u64;
    // Counting means decompressing; most batches cannot be too large whatever is in them.
    let size_max = |document: &StoredDocument| {
        let packed = document.body.len() as u64;
        packed.saturating_mul(DEFLATE_RATIO_MAX).min(DOCUMENT_BYTES_MAX as u64 + 1).max(packed)
    };
    if documents.len() < 2 || documents.iter().flatten().map(size_max).sum::<u64>() <= max {
        return Vec::new();
    }
    let size = |document: &Option<StoredDocument>| {
        document
            .as_ref()
            .map_or(0, |document| unpacked_bytes(document.head.encoding, &document.body))
    };
    let sizes: Vec<u64> = documents.iter().map(size).collect();
    if sizes.iter().sum::<u64>() <= max {
        return Vec::new();
    }
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    let mut bytes = 0;
    for (id, size) in batch.documents.iter().zip(sizes) {
        if bytes + size > max && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
            bytes = 0;
        }
        piece.push(id.clone());
        bytes += size;
    }
    pieces.push(piece);
    let piece = |documents| Batch::new(batch.table.clone(), batch.generation, documents);
    pieces.into_iter().map(piece).collect()
}

//! Dispatch: documents that were announced become batches, and every batch one message (D4).

use crate::batch::{Batch, BatchMessage};
use crate::document::DocumentHead;
use crate::limits::BATCH_DOCUMENTS_MAX;
use crate::ports::{Ledger, PortError, WorkQueue};
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_normalizer::limits::BATCH_BYTES_MAX;
use sluice_normalizer::{DocumentId, Encoding, TableName, ingest_date};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Tables whose batches are made at the same time.
const TABLES_AT_ONCE: usize = 64;

/// How large a batch may be.
#[derive(Debug, Clone, Copy)]
pub struct DispatchLimits {
    /// Documents, at most [`BATCH_DOCUMENTS_MAX`].
    pub documents_max: usize,
    /// Their bodies together, bytes; a compressed one counts [`GZIP_WEIGHT`] times its size.
    pub bytes_max: u64,
}

/// What a compressed body is taken to unpack to, times its size: JSON seldom packs better.
pub const GZIP_WEIGHT: u64 = 10;

impl Default for DispatchLimits {
    fn default() -> Self {
        DispatchLimits { documents_max: BATCH_DOCUMENTS_MAX, bytes_max: BATCH_BYTES_MAX as u64 / 2 }
    }
}

/// Groups documents by table and UTC receive date, in the order given. A document given twice is
/// taken once. `generation`: of each table there.
#[must_use]
pub fn group(
    heads: &[DocumentHead],
    generation: &dyn Fn(&TableName) -> u32,
    limits: &DispatchLimits,
) -> Vec<Batch> {
    struct Open {
        documents: Vec<DocumentId>,
        bytes: u64,
    }
    let mut seen = HashSet::new();
    let mut open: BTreeMap<(TableName, String), Open> = BTreeMap::new();
    let mut batches = Vec::new();
    for head in heads {
        if !seen.insert(&head.id) {
            continue;
        }
        let weight = match head.encoding {
            Encoding::Identity => head.bytes,
            Encoding::Gzip => head.bytes.saturating_mul(GZIP_WEIGHT),
        };
        let key = (head.table.clone(), ingest_date(head.received_at_ms));
        let group = open.entry(key).or_insert(Open { documents: Vec::new(), bytes: 0 });
        let full = group.documents.len() >= limits.documents_max
            || group.bytes.saturating_add(weight) > limits.bytes_max;
        if full && !group.documents.is_empty() {
            let documents = std::mem::take(&mut group.documents);
            group.bytes = 0;
            batches.push(Batch::new(head.table.clone(), generation(&head.table), documents));
        }
        group.documents.push(head.id.clone());
        group.bytes += weight;
    }
    for ((table, _), group) in open {
        let generation = generation(&table);
        batches.push(Batch::new(table, generation, group.documents));
    }
    batches
}

/// Makes batches of the documents announced and sends one message each. Repeated, overlapping and
/// out-of-order announcements are harmless: claims decide (D5).
///
/// Answers the batches sent.
///
/// # Errors
/// [`PortError`]: the announcements must come again.
pub async fn dispatch(
    ledger: &impl Ledger,
    queue: &impl WorkQueue,
    heads: &[DocumentHead],
    limits: &DispatchLimits,
) -> Result<Vec<Batch>, PortError> {
    let tables: BTreeSet<&TableName> = heads.iter().map(|head| &head.table).collect();
    let generations: BTreeMap<&TableName, u32> = stream::iter(tables)
        .map(async |table| Ok((table, ledger.generation(table).await?)))
        .buffer_unordered(TABLES_AT_ONCE)
        .try_collect()
        .await?;
    let generation = |table: &TableName| generations.get(table).copied().unwrap_or(1);
    let batches = group(heads, &generation, limits);
    let mut of_tables: BTreeMap<&TableName, Vec<&Batch>> = BTreeMap::new();
    for batch in &batches {
        of_tables.entry(&batch.table).or_default().push(batch);
    }
    // Tables do not wait for each other; the batches of one are sent in order.
    stream::iter(of_tables.into_values().map(Ok::<_, PortError>))
        .try_for_each_concurrent(TABLES_AT_ONCE, async |batches| {
            for batch in batches {
                // A batch that exists was announced before; its message may have been lost since.
                ledger.create_batch(batch).await?;
                let (table, batch) = (batch.table.clone(), batch.id.clone());
                queue.send(&BatchMessage { table, batch, send: 0 }).await?;
            }
            Ok(())
        })
        .await?;
    Ok(batches)
}

//! What a generation that nobody queries left in lake and catalog.

use crate::catalog::GlueCatalog;
use crate::lake_store::S3LakeStore;
use sluice_normalizer::TableName;
use sluice_pipeline::{Intent, LakeStore, PortError};

/// What there is of a generation, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftovers {
    /// The generation.
    pub generation: u32,
    /// Its physical tables.
    pub tables: Vec<String>,
    /// Its parts, without those of rejects.
    pub parts: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Removes the physical tables and the parts of a generation, or only tells of them. The caller knows
/// that it is not the one that people query, nor one that a rebuild is at work on.
///
/// Its registry stays: a batch of it whose message still waits must be committed, so that its
/// documents are carried over; what such a batch writes stays for the next time. In a versioned
/// bucket parts are only hidden, and cost until a lifecycle rule removes old versions.
///
/// # Errors
/// [`PortError`]; some may be removed then, and the same call goes on.
pub async fn clear_generation(
    lake: &S3LakeStore,
    catalog: &GlueCatalog,
    table: &TableName,
    generation: u32,
    intent: Intent,
) -> Result<Leftovers, PortError> {
    let registry = lake.latest_registry(table, generation).await?;
    // Tables first: whoever queries them by name is told that they are gone, not given fewer rows.
    let tables = catalog.clear_physical(&registry, intent).await?;
    let found = lake.clear_parts(&registry, intent).await?;
    Ok(Leftovers { generation, tables, parts: found.count, bytes: found.bytes })
}

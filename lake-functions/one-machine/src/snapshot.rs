//! What readers see: every table's schema and its list of parts, at one moment.

use sluice_normalizer::Registry;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that is committed at one moment. Cheap to clone; holding one keeps its files in the lake.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The current generation of every root table, by the table's name.
    pub tables: BTreeMap<String, Arc<TableSnapshot>>,
    /// The parts of `sluice_rejects` that belong to current generations.
    pub rejects: Arc<Vec<Arc<Part>>>,
}

/// The current generation of one root table, child tables included.
#[derive(Debug, Clone)]
pub struct TableSnapshot {
    /// The registry version that reads all parts.
    pub registry: Arc<Registry>,
    /// By physical table (the root's name, or a child's); a table without parts may be absent.
    pub parts: BTreeMap<String, Arc<Vec<Arc<Part>>>>,
}

/// One Parquet file of the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it lies, relative to the lake's folder, with slashes.
    pub key: String,
    /// `live`, `compact` or `late`.
    pub tier: String,
    /// `YYYY-MM-DD`, UTC.
    pub ingest_date: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size, bytes.
    pub bytes: u64,
}

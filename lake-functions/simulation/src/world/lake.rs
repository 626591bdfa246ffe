//! The lake bucket and what the catalog shows.

use sluice_normalizer::{Registry, TableName};
use sluice_pipeline::ContentHash;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Lake {
    pub(crate) registries: BTreeMap<(TableName, u32), BTreeMap<u64, Registry>>,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) parts: BTreeMap<String, Part>,
    /// The registry version that the catalog shows of a table's generation.
    pub(crate) shown: BTreeMap<(TableName, u32), u64>,
    /// How often the catalog's entry was changed.
    pub(crate) shown_changes: BTreeMap<(TableName, u32), u64>,
}

#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) content: Vec<u8>,
    pub(crate) hash: ContentHash,
}

impl Lake {
    pub(crate) fn newest(&self, table: &TableName, generation: u32) -> Registry {
        let versions = self.registries.get(&(table.clone(), generation));
        let newest = versions.and_then(|versions| versions.values().next_back());
        newest.cloned().unwrap_or_else(|| Registry::empty(table, generation))
    }
}

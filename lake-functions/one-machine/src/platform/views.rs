//! What the platform tells about documents, tables and itself.

use crate::snapshot::{Snapshot, TableSnapshot};
use crate::store::{DocumentPlace, TableTotals};
use sluice_normalizer::{BatchId, DocumentOutcome, Registry, TableSchema};
use sluice_pipeline::{DocumentHead, DocumentState};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where one document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentView {
    /// What is known of it.
    pub head: DocumentHead,
    /// Where it is.
    pub state: DocumentState,
    /// Its batch, once it has one.
    pub batch: Option<BatchId>,
    /// When its batch was committed, milliseconds since 1970 UTC.
    pub committed_at_ms: Option<i64>,
    /// What became of it, once its batch is committed.
    pub outcome: Option<DocumentOutcome>,
}

/// One table in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSummary {
    /// The root table.
    pub name: String,
    /// Its current generation.
    pub generation: u32,
    /// The registry version shown.
    pub version: u64,
    /// Documents committed in this generation, removed ones included.
    pub documents: u64,
    /// Rows of the root table that are seen.
    pub rows: u64,
    /// Its rejects in this generation, removed ones included.
    pub rejects: u64,
    /// Child tables.
    pub child_tables: u64,
    /// Paths with a conflict, child tables included.
    pub conflicts: u64,
    /// Parts, child tables included, rejects not.
    pub parts: u64,
    /// Their size, bytes.
    pub bytes: u64,
}

/// One table in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDetail {
    /// In figures.
    pub summary: TableSummary,
    /// Its columns, child tables included.
    pub registry: Arc<Registry>,
    /// Rows by physical table.
    pub rows: BTreeMap<String, u64>,
    /// Rejects by code.
    pub rejects: Vec<RejectCount>,
}

/// How many rejects of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectCount {
    /// The code.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// The platform in figures, for metrics and health. Counters start at 0 with the process, except
/// where they say otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Documents accepted.
    pub documents: u64,
    /// Their bodies, bytes as stored.
    pub document_bytes: u64,
    /// Batches committed.
    pub batches: u64,
    /// Tries of a batch that failed.
    pub batch_failures: u64,
    /// Rows committed, by root table and child tables together.
    pub rows: u64,
    /// Rejects committed, by code.
    pub rejects: BTreeMap<String, u64>,
    /// New conflicts.
    pub conflicts: u64,
    /// Parts written.
    pub parts: u64,
    /// Their bytes.
    pub part_bytes: u64,
    /// Parts merged away.
    pub parts_merged: u64,
    /// Now: documents that are in no committed batch.
    pub waiting_documents: u64,
    /// Now: batches that are not committed.
    pub waiting_batches: u64,
    /// Now: how long the oldest of the waiting documents has waited, milliseconds; 0 for none, and
    /// for one that a clock ahead of today's received.
    pub lag_ms: u64,
    /// Now: parts that readers see.
    pub live_parts: u64,
    /// Now: batches that a person must look at.
    pub stopped_batches: u64,
}

impl DocumentView {
    pub(super) fn of(place: DocumentPlace) -> Self {
        let state = match (&place.batch, &place.outcome) {
            (_, Some(outcome)) => DocumentState::of(outcome),
            (Some(_), None) => DocumentState::Batched,
            (None, None) => DocumentState::Received,
        };
        DocumentView {
            head: place.head,
            state,
            batch: place.batch,
            committed_at_ms: place.committed_at_ms,
            outcome: place.outcome,
        }
    }
}

impl TableSummary {
    pub(super) fn of(totals: &TableTotals, snapshot: &Snapshot) -> Self {
        let name = totals.table.as_str();
        let shown = snapshot.tables.get(name);
        let tables = || shown.iter().flat_map(|table| &table.registry.tables);
        let parts = || shown.iter().flat_map(|table| table.parts.values().flat_map(|p| p.iter()));
        TableSummary {
            name: name.to_owned(),
            generation: totals.generation,
            version: shown.map_or(0, |table| table.registry.version),
            documents: totals.documents,
            rows: rows(shown, name),
            rejects: totals.rejects.values().sum(),
            child_tables: tables().count().saturating_sub(1) as u64,
            conflicts: tables().map(conflicts).sum(),
            parts: parts().count() as u64,
            bytes: parts().map(|part| part.bytes).sum(),
        }
    }
}

/// Rows of a physical table that readers see.
fn rows(shown: Option<&Arc<TableSnapshot>>, table: &str) -> u64 {
    let parts = shown.and_then(|root| root.parts.get(table));
    parts.map_or(0, |parts| parts.iter().map(|part| part.rows).sum())
}

/// Paths of a table that show as more than one column.
fn conflicts(table: &TableSchema) -> u64 {
    let paths: BTreeSet<&str> = table.columns.iter().map(|column| column.path.as_str()).collect();
    paths.into_iter().filter(|path| table.shown_at(path) > 1).count() as u64
}

impl TableDetail {
    pub(super) fn of(totals: TableTotals, snapshot: &Snapshot) -> Self {
        let summary = TableSummary::of(&totals, snapshot);
        let shown = snapshot.tables.get(totals.table.as_str());
        let registry = shown.map_or_else(
            || Arc::new(Registry::empty(&totals.table, totals.generation)),
            |table| Arc::clone(&table.registry),
        );
        let rejects = totals.rejects.into_iter();
        TableDetail {
            summary,
            rows: registry
                .tables
                .iter()
                .map(|table| (table.name.clone(), rows(shown, &table.name)))
                .collect(),
            registry,
            rejects: rejects.map(|(code, count)| RejectCount { code, count }).collect(),
        }
    }
}

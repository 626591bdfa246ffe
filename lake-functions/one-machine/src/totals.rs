//! What the batches of a run did together. Bounded by the registry, not by the number of batches.

use sluice_normalizer::Report;
use std::collections::{BTreeMap, BTreeSet};

/// The sum of the normalizer's reports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Documents shaped.
    pub documents: u64,
    /// Documents rejected as a whole.
    pub rejected_documents: u64,
    /// Records, rejected ones included, those of wholly rejected documents not.
    pub records: u64,
    /// Rows by physical table, rejects not among them.
    pub rows: BTreeMap<String, u64>,
    /// Rejects by code.
    pub rejects: BTreeMap<String, u64>,
    /// Physical table and source path of every new conflict.
    pub conflicts: BTreeSet<(String, String)>,
}

impl Totals {
    pub(crate) fn add_report(&mut self, report: Report) {
        self.documents += report.documents;
        self.rejected_documents += report.rejected_documents;
        self.records += report.records;
        for table in report.tables {
            *self.rows.entry(table.name).or_default() += table.rows;
        }
        add_counts(&mut self.rejects, report.rejects);
        let conflicts = report.conflicts.into_iter();
        self.conflicts.extend(conflicts.map(|conflict| (conflict.table, conflict.path)));
    }

    pub(crate) fn add(&mut self, other: Totals) {
        self.documents += other.documents;
        self.rejected_documents += other.rejected_documents;
        self.records += other.records;
        add_counts(&mut self.rows, other.rows);
        add_counts(&mut self.rejects, other.rejects);
        self.conflicts.extend(other.conflicts);
    }
}

/// Adds counts by name.
pub(crate) fn add_counts(counts: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (name, count) in more {
        *counts.entry(name).or_default() += count;
    }
}

//! What the platform has done since it started.

use sluice_normalizer::{REJECTS_TABLE, Report};
use sluice_pipeline::PlannedPart;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Sums since the start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums {
    pub(crate) documents: u64,
    pub(crate) document_bytes: u64,
    pub(crate) batches: u64,
    pub(crate) batch_failures: u64,
    pub(crate) rows: u64,
    pub(crate) rejects: BTreeMap<String, u64>,
    pub(crate) conflicts: u64,
    pub(crate) parts: u64,
    pub(crate) part_bytes: u64,
    pub(crate) parts_merged: u64,
}

/// The sums, shared.
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<Sums>);

impl Counters {
    pub(crate) fn add(&self, add: impl FnOnce(&mut Sums)) {
        add(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn sums(&self) -> Sums {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn add_batch(&self, report: &Report, parts: &[PlannedPart]) {
        self.add(|sums| {
            sums.batches += 1;
            sums.rows += report.tables.iter().map(|table| table.rows).sum::<u64>();
            sums.conflicts += report.conflicts.len() as u64;
            for (code, count) in &report.rejects {
                *sums.rejects.entry(code.clone()).or_default() += count;
            }
            sums.parts += parts.len() as u64;
            sums.part_bytes += parts.iter().map(|part| part.bytes).sum::<u64>();
        });
        debug_assert_eq!(
            parts.iter().filter(|part| part.table == REJECTS_TABLE).map(|p| p.rows).sum::<u64>(),
            report.rejects.values().sum::<u64>(),
            "every reject is a row of the rejects' part"
        );
    }
}

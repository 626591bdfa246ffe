//! What must hold once everything rests, judged by the bytes of the lake.

mod documents;
mod parts;
mod registries;
mod values;

use crate::documents::Expected;
use crate::run::Summary;
use crate::violation::Violation;
use crate::world::State;
use crate::world::ledger::BatchRow;
use sluice_normalizer::{DocumentId, ingest_date};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn violation<T>(invariant: &'static str, what: String) -> Result<T, Violation> {
    Err(Violation { invariant, what })
}

/// Checks I-1, I-2, I-3, I-5 and I-6. `expected`: every document posted.
pub(crate) fn check(
    state: &State,
    expected: &BTreeMap<DocumentId, Expected>,
) -> Result<Summary, Violation> {
    registries::check(state)?;
    let found = parts::read(state)?;
    for document in state.bucket.all() {
        documents::check(state, document, &expected[&document.head.id], &found)?;
    }
    let mut came_up = BTreeMap::new();
    let codes = found.rejects.values().flatten().map(|reject| reject.code.as_str());
    for code in codes {
        let what = match code {
            "poisoned" => "document set aside",
            "too_many_tables" => "table too many",
            "type_conflict" => "conflict rejected",
            _ => continue,
        };
        *came_up.entry(what).or_default() += 1;
    }
    let dates = |row: &BatchRow| {
        let first = state.bucket.get(row.batch.documents.first()?)?;
        Some(ingest_date(first.head.received_at_ms))
    };
    let dates: BTreeSet<_> = state.ledger.batches.values().filter_map(dates).collect();
    if dates.len() > 1 {
        came_up.insert("midnight passed", 1);
    }
    Ok(Summary {
        came_up,
        documents: expected.len() as u64,
        batches: state.ledger.batches.len() as u64,
        rows: found.roots.values().map(|rows| rows.len() as u64).sum(),
        rejects: found.rejects.values().map(|rejects| rejects.len() as u64).sum(),
        ..Summary::default()
    })
}

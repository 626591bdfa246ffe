//! Registry versions follow each other, and only ever add (I-5): what one version says of a part
//! holds under every later one (I-3).

use super::violation;
use crate::violation::Violation;
use crate::world::State;
use sluice_normalizer::Registry;
use sluice_pipeline::Plan;

pub(super) fn check(state: &State) -> Result<(), Violation> {
    for ((table, generation), versions) in &state.lake.registries {
        let mut before = Registry::empty(table, *generation);
        for registry in versions.values() {
            let name = format!("{} version {}", table.as_str(), registry.version);
            if registry.version != before.version + 1 {
                return violation("I-3", format!("registry {name} does not follow the one before"));
            }
            if let Some(lost) = lost(&before, registry) {
                return violation("I-5", format!("registry {name} changes {lost}"));
            }
            before = registry.clone();
        }
        let shown = state.lake.shown.get(&(table.clone(), *generation));
        let used = state.ledger.batches.values().filter_map(|row| row.plan.as_ref());
        let of_generation =
            |plan: &&Plan| plan.table == table.as_str() && plan.generation == *generation;
        let used = used.filter(of_generation).filter(|plan| plan.admitted);
        let newest = used.map(|plan| plan.version).max();
        if shown < newest.as_ref() {
            return violation("D7", format!("the catalog lags behind {}", table.as_str()));
        }
    }
    Ok(())
}

/// A table or column of `before` that `after` does not have as it was.
fn lost(before: &Registry, after: &Registry) -> Option<String> {
    for table in &before.tables {
        let Some(now) = after.tables.iter().find(|now| now.name == table.name) else {
            return Some(table.name.clone());
        };
        for column in &table.columns {
            let same = |now: &&sluice_normalizer::ColumnSchema| {
                now.name == column.name && now.path == column.path && now.kind == column.kind
            };
            if !now.columns.iter().any(|now| same(&now)) {
                return Some(format!("{}.{}", table.name, column.name));
            }
        }
    }
    None
}

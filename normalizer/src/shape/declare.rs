//! Columns that exist from the start because the settings declare them.

use crate::registry::Registry;
use crate::settings::{Step, TableSettings};

/// The registry with every declared column whose path has no column yet: a path that has one keeps
/// it for the generation (I-5), the declaration then waits for a rebuild.
pub(super) fn with_declared(base: &Registry, settings: &TableSettings) -> Registry {
    let mut registry = base.clone();
    let version = base.version + 1;
    for (path, kind) in &settings.declared {
        let mut table = 0;
        let mut pointer = String::new();
        for step in &path.0 {
            match step {
                Step::Key(key) => crate::pointer::push_key(&mut pointer, key),
                Step::Elements => {
                    table = registry.child_table(table, &std::mem::take(&mut pointer), version);
                }
            }
        }
        if registry.tables[table].at_path(&pointer).next().is_none() {
            registry.tables[table].add_column(&pointer, *kind, version);
        }
    }
    registry
}

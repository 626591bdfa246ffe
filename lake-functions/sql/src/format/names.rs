//! Names of result columns.

use datafusion::arrow::datatypes::Schema;
use std::collections::HashSet;

/// The columns' names, each one once: a second `_id` is `_id_2`, so that an object keeps both.
pub(super) fn unique(schema: &Schema) -> Vec<String> {
    let mut taken: HashSet<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
    let mut seen: HashSet<&str> = HashSet::new();
    let names = schema.fields().iter().map(|field| {
        let name = field.name();
        if seen.insert(name) {
            return name.clone();
        }
        let mut free = (2..).map(|n| format!("{name}_{n}"));
        free.find(|candidate| taken.insert(candidate.clone())).expect("numbers do not end")
    });
    names.collect()
}

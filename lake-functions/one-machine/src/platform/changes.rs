//! What would change if a rebuilt generation were seen.

use super::index::GenerationView;
use sluice_normalizer::{ColumnSchema, Kind, TableSchema};
use std::collections::{BTreeMap, BTreeSet};

/// What would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Physical tables of either generation, by name.
    pub tables: Vec<TableChange>,
    /// Rejects by code, then and now.
    pub rejects: BTreeMap<String, (u64, u64)>,
}

/// What would change in one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableChange {
    /// Its name.
    pub name: String,
    /// Rows, then and now.
    pub rows: (u64, u64),
    /// Columns that differ; the rest stays.
    pub columns: Vec<ColumnChange>,
}

/// How one column would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnChange {
    /// The source path.
    pub path: String,
    /// What it holds.
    pub kind: Kind,
    /// Its name then, none if it is new.
    pub before: Option<String>,
    /// Its name now, none if it is gone.
    pub after: Option<String>,
}

pub(super) fn changes(
    before: &GenerationView,
    after: &GenerationView,
    rejects_before: BTreeMap<String, u64>,
    rejects_after: BTreeMap<String, u64>,
) -> Changes {
    let mut rejects: BTreeMap<String, (u64, u64)> =
        rejects_before.into_iter().map(|(code, count)| (code, (count, 0))).collect();
    for (code, count) in rejects_after {
        rejects.entry(code).or_default().1 = count;
    }
    let names: BTreeSet<&str> = before.tables().chain(after.tables()).collect();
    let table = |name: &str| TableChange {
        name: name.to_owned(),
        rows: (before.rows(name), after.rows(name)),
        columns: columns(before.table(name), after.table(name)),
    };
    Changes { tables: names.into_iter().map(table).collect(), rejects }
}

fn columns(before: Option<&TableSchema>, after: Option<&TableSchema>) -> Vec<ColumnChange> {
    let list = |table: Option<&TableSchema>| -> Vec<ColumnSchema> {
        table.map_or_else(Vec::new, |table| table.columns.clone())
    };
    let (before, after) = (list(before), list(after));
    let name_of = |columns: &[ColumnSchema], like: &ColumnSchema| {
        let found = columns.iter().find(|c| (&c.path, c.kind) == (&like.path, like.kind));
        found.map(|column| column.name.clone())
    };
    let mut changes = Vec::new();
    for column in &before {
        let now = name_of(&after, column);
        if now.as_ref() != Some(&column.name) {
            let (path, kind) = (column.path.clone(), column.kind);
            changes.push(ColumnChange {
                path,
                kind,
                before: Some(column.name.clone()),
                after: now,
            });
        }
    }
    for column in &after {
        if name_of(&before, column).is_none() {
            let (path, kind) = (column.path.clone(), column.kind);
            changes.push(ColumnChange {
                path,
                kind,
                before: None,
                after: Some(column.name.clone()),
            });
        }
    }
    changes
}

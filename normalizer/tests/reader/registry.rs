//! The registry as plain JSON, and the rules its versions keep.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One physical table.
#[derive(Debug)]
pub struct TableView {
    pub name: String,
    /// Place of the table one level up.
    pub parent: Option<usize>,
    /// Source paths of the arrays from the root table down to this one.
    pub arrays: Vec<String>,
    columns: BTreeMap<String, ColumnView>,
}

/// One data column.
#[derive(Debug)]
pub struct ColumnView {
    pub path: String,
    pub kind: String,
    /// A timestamp column stands at the same path, and this one keeps its texts.
    pub has_timestamp_sibling: bool,
}

impl TableView {
    pub fn column(&self, name: &str) -> Option<&ColumnView> {
        self.columns.get(name)
    }

    pub fn column_count(&self) -> usize {
        self.columns.len()
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("a registry has a text at {key}"))
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("a registry has an array at {key}"))
}

/// The tables of one registry version.
pub fn tables(registry: &Value) -> Vec<TableView> {
    let mut tables: Vec<TableView> = Vec::new();
    for table in list(registry, "tables") {
        let parent = table["parent"].as_str().map(|name| {
            tables.iter().position(|t| t.name == name).expect("a parent stands before its children")
        });
        let mut arrays = parent.map_or(Vec::new(), |at| tables[at].arrays.clone());
        if parent.is_some() {
            arrays.push(text(table, "path").to_owned());
        }
        let stamped: BTreeSet<&str> = list(table, "columns")
            .iter()
            .filter(|column| text(column, "kind") == "timestamp")
            .map(|column| text(column, "path"))
            .collect();
        let columns = list(table, "columns").iter().map(|column| {
            let view = ColumnView {
                path: text(column, "path").to_owned(),
                kind: text(column, "kind").to_owned(),
                has_timestamp_sibling: stamped.contains(text(column, "path")),
            };
            (text(column, "name").to_owned(), view)
        });
        let columns = columns.collect();
        tables.push(TableView { name: text(table, "name").to_owned(), parent, arrays, columns });
    }
    tables
}

const RESERVED: &[&str] = &[
    "_id",
    "_row",
    "_received_at",
    "_principal",
    "_index",
    "_path",
    "_parent",
    "_value",
    "_rest",
    "tier",
    "ingest_date",
];

/// I-5 within one version, and the rules of names.
pub fn check_names(registry: &Value) {
    let mut names = BTreeSet::new();
    for table in list(registry, "tables") {
        let name = text(table, "name");
        check_name(name);
        assert!(names.insert(name), "I-5: two tables are called {name}");
        let (mut columns, mut places) = (BTreeSet::new(), BTreeSet::new());
        for column in list(table, "columns") {
            let (name, path, kind) =
                (text(column, "name"), text(column, "path"), text(column, "kind"));
            check_name(name);
            let own_value = name == "_value" && path.is_empty();
            assert!(own_value || !RESERVED.contains(&name), "{path:?} got the reserved {name}");
            assert!(columns.insert(name), "I-5: two columns are called {name}");
            assert!(places.insert((path, kind)), "I-5: {path:?} has two columns of {kind}");
        }
    }
}

fn check_name(name: &str) {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    assert!(
        (1..=200).contains(&name.len())
            && name.bytes().all(allowed)
            && !name.starts_with(|c: char| c.is_ascii_digit()),
        "{name:?} is no name"
    );
}

/// I-5 between versions: what was there stays as it was, where it was.
pub fn check_growth(older: &Value, newer: &Value) {
    let version = |registry: &Value| registry["version"].as_u64().expect("a version number");
    if older == newer {
        return;
    }
    assert_eq!(version(older) + 1, version(newer), "versions count by one");
    for key in ["table", "generation", "format"] {
        assert_eq!(older[key], newer[key], "{key} never changes");
    }
    let (old_tables, new_tables) = (list(older, "tables"), list(newer, "tables"));
    assert!(old_tables.len() <= new_tables.len(), "a table is gone");
    for (old, new) in old_tables.iter().zip(new_tables) {
        for key in ["name", "parent", "path", "since"] {
            assert_eq!(old[key], new[key], "I-5: {key} of a table changed");
        }
        let (old_columns, new_columns) = (list(old, "columns"), list(new, "columns"));
        assert!(old_columns.len() <= new_columns.len(), "a column is gone");
        for (old, new) in old_columns.iter().zip(new_columns) {
            for key in ["name", "path", "kind", "since"] {
                assert_eq!(old[key], new[key], "I-5: {key} of a column changed");
            }
            let exact = |column: &Value| column["exact"].as_bool().unwrap_or(true);
            assert!(exact(old) || !exact(new), "an inexact column never becomes exact again");
        }
        for new in &new_columns[old_columns.len()..] {
            assert_eq!(new["since"], newer["version"], "a new column says since when");
        }
    }
    for new in &new_tables[old_tables.len()..] {
        assert_eq!(new["since"], newer["version"], "a new table says since when");
    }
}

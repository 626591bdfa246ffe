//! All parts of a table together: records put together again from their rows.

use super::part::{self, Row};
use super::post::Written;
use super::registry::{self, TableView};
use super::scalar::{Scalar, Scalars};
use base64::Engine;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a lake says about every record.
#[derive(Debug, Default)]
pub struct Lake {
    /// Scalars by document id and position in the document.
    pub records: HashMap<(String, i64), Scalars>,
    /// Lineage of the root rows.
    pub origins: HashMap<(String, i64), (i64, Option<String>)>,
    pub rejects: Vec<Reject>,
    /// Rows of all tables, rejects not counted.
    pub rows: u64,
    /// Rows by table.
    pub rows_of: BTreeMap<String, u64>,
}

/// One row of `sluice_rejects`.
#[derive(Debug, Clone)]
pub struct Reject {
    pub id: String,
    /// None for a whole document.
    pub row: Option<i64>,
    pub table: String,
    pub code: String,
    pub message: String,
    pub pointer: Option<String>,
    /// Decoded.
    pub content: Vec<u8>,
}

/// Reads every part by the last registry version.
pub fn read(written: &Written) -> Lake {
    let registry: Value = written.last_registry();
    let tables = registry::tables(&registry);
    let mut lake = Lake::default();
    // Every row that can be a parent: table, document, record, path.
    let mut places: HashSet<(usize, String, i64, String)> = HashSet::new();
    let mut parents = Vec::new();
    for file in &written.parts {
        if file.table == "sluice_rejects" {
            lake.rejects.extend(part::reject_rows(&file.bytes).into_iter().map(reject));
            continue;
        }
        let at = tables
            .iter()
            .position(|table| table.name == file.table)
            .unwrap_or_else(|| panic!("I-3: the registry does not know table {}", file.table));
        let rows = part::rows(&tables[at], &file.bytes);
        assert_eq!(rows.len() as u64, file.rows, "a part has as many rows as its plan says");
        lake.rows += file.rows;
        *lake.rows_of.entry(file.table.clone()).or_default() += file.rows;
        for row in rows {
            let key = (row.id.clone(), row.row.expect("every row has a _row"));
            let place = (at, key.0.clone(), key.1, row.path.clone().unwrap_or_default());
            assert!(places.insert(place), "two rows of {} are one: {row:?}", file.table);
            match tables[at].parent {
                None => lake.root(key, row),
                Some(parent) => {
                    parents.push((parent, key.0.clone(), key.1, parent_of(&row)));
                    lake.child(&tables[at], key, row);
                }
            }
        }
    }
    for parent in parents {
        assert!(places.contains(&parent), "a child row has no parent row {parent:?}");
    }
    lake
}

/// Where a child row's parent stands, checked against its own place.
fn parent_of(row: &Row) -> String {
    let path = row.path.as_deref().expect("a child row has a _path");
    let parent = row.parent.as_deref().expect("a child row has a _parent");
    let index = row.index.expect("a child row has an _index");
    let joined = if parent.is_empty() { index.to_string() } else { format!("{parent}.{index}") };
    assert_eq!(path, joined, "_path is _parent and _index");
    parent.to_owned()
}

impl Lake {
    fn root(&mut self, key: (String, i64), row: Row) {
        self.origins.insert(key.clone(), (row.received_at_ms, row.principal.clone()));
        self.add(key, "", row.values);
    }

    fn child(&mut self, table: &TableView, key: (String, i64), row: Row) {
        let path = row.path.as_deref().expect("a child row has a _path");
        let positions: Vec<&str> = path.split('.').collect();
        assert_eq!(positions.len(), table.arrays.len(), "a position for every array: {path}");
        let arrays = table.arrays.iter().zip(positions);
        let pointer: String = arrays.map(|(array, at)| format!("{array}/{at}")).collect();
        self.add(key, &pointer, row.values);
    }

    fn add(&mut self, key: (String, i64), pointer: &str, values: BTreeMap<String, Scalar>) {
        let record = self.records.entry(key).or_default();
        for (inner, scalar) in values {
            let place = format!("{pointer}{inner}");
            let before = record.insert(place.clone(), scalar);
            assert!(before.is_none(), "I-4: {place:?} is there twice: {before:?}");
        }
    }
}

fn reject(mut row: BTreeMap<String, String>) -> Reject {
    let mut take = |name: &str| row.remove(name);
    let content = take("content").expect("a reject has content");
    let content = match take("content_encoding").as_deref() {
        Some("utf8") => content.into_bytes(),
        Some("base64") => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(content);
            bytes.expect("content is base64 where it says so")
        }
        other => panic!("{other:?} is no content encoding"),
    };
    assert!(take("_received_at").is_some(), "a reject has a time");
    Reject {
        id: take("_id").expect("a reject has an id"),
        row: take("_row").map(|row| row.parse().expect("_row is a position")),
        table: take("table_name").expect("a reject has a table"),
        code: take("code").expect("a reject has a code"),
        message: take("message").expect("a reject has a message"),
        pointer: take("pointer"),
        content,
    }
}

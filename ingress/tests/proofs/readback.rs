//! Records put together again from what SQL answers and `GET /table/…` says about columns.

use crate::api::Api;
use crate::reader::model;
use crate::reader::scalar::{Scalar, Scalars, flatten};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A document's id and a record's position in it.
pub(crate) type Key = (String, i64);

/// What SQL shows of a table and its child tables.
#[derive(Debug, Default)]
pub(crate) struct Lake {
    pub(crate) records: HashMap<Key, Scalars>,
    /// Rows by physical table.
    pub(crate) rows: BTreeMap<String, u64>,
}

/// One physical table as `GET /table/…` tells it.
struct Table<'a> {
    name: &'a str,
    is_root: bool,
    /// Source paths of the arrays from the record down.
    arrays: Vec<&'a str>,
    /// Source path and kind by column.
    columns: HashMap<&'a str, (&'a str, &'a str)>,
}

/// Reads a table of `schema`, `lake` or `lake_files`. `filter`: empty, or a WHERE clause.
pub(crate) fn read(api: Api, table: &Value, schema: &str, filter: &str) -> Lake {
    let mut lake = Lake::default();
    let mut places = HashSet::new();
    for table in tables(table) {
        let name = table.name;
        let rows = api.sql(&format!("SELECT * FROM {schema}.\"{name}\" {filter}"));
        lake.rows.insert(name.to_owned(), rows.len() as u64);
        for row in rows {
            let key = (text(&row, "_id").to_owned(), row["_row"].as_i64().expect("a position"));
            let path = if table.is_root { "" } else { text(&row, "_path") };
            let place = (name.to_owned(), key.clone(), path.to_owned());
            assert!(places.insert(place), "I-2: {key:?} {path:?} is twice in {name}");
            let root = lake.records.get_mut(&key);
            let record = match (table.is_root, root) {
                (true, None) => lake.records.entry(key).or_default(),
                (false, Some(record)) => record,
                (true, Some(_)) => panic!("I-2: {key:?} is twice in {name}"),
                (false, None) => panic!("I-2: {key:?} of {name} has no root row"),
            };
            table.add(&row, &table.pointer(path), record);
        }
    }
    lake
}

/// The root table first, parents before children, as the answer lists them.
fn tables(table: &Value) -> Vec<Table<'_>> {
    let mut tables: Vec<Table<'_>> = Vec::new();
    for told in table["tables"].as_array().expect("tables") {
        let parent = told["parent"].as_str();
        let mut arrays = match parent.map(|name| tables.iter().find(|table| table.name == name)) {
            None => Vec::new(),
            Some(parent) => parent.expect("a parent stands before its children").arrays.clone(),
        };
        if parent.is_some() {
            arrays.push(text(told, "path"));
        }
        let columns = told["columns"].as_array().expect("columns").iter().filter_map(|column| {
            let path = column["path"].as_str()?;
            Some((text(column, "name"), (path, text(column, "kind"))))
        });
        let columns = columns.collect();
        tables.push(Table { name: text(told, "name"), is_root: parent.is_none(), arrays, columns });
    }
    tables
}

impl Table<'_> {
    /// Where in its record the row at `path` stands.
    fn pointer(&self, path: &str) -> String {
        if self.is_root {
            return String::new();
        }
        let positions: Vec<&str> = path.split('.').collect();
        assert_eq!(positions.len(), self.arrays.len(), "a position for every array: {path}");
        self.arrays.iter().zip(positions).map(|(array, at)| format!("{array}/{at}")).collect()
    }

    fn add(&self, row: &Value, pointer: &str, record: &mut Scalars) {
        let mut put = |place: String, scalar: Scalar| {
            let before = record.insert(place.clone(), scalar);
            assert!(before.is_none(), "I-4: {place:?} is there twice: {before:?}");
        };
        for (name, value) in row.as_object().expect("a row is an object") {
            if value.is_null() {
                continue;
            }
            if name == "_rest" {
                let rest = model::parse(value.as_str().expect("a text").as_bytes());
                let rest = rest.expect("`_rest` is JSON");
                for (inner, value) in rest.as_object().expect("`_rest` is an object") {
                    flatten(value, &format!("{pointer}{inner}"), &mut put);
                }
            } else if let Some((path, kind)) = self.columns.get(name.as_str()) {
                let place = format!("{pointer}{path}");
                column(kind, value, &place, &mut put);
            }
        }
    }
}

fn column(kind: &str, value: &Value, place: &str, put: &mut dyn FnMut(String, Scalar)) {
    if kind == "json" {
        let value = model::parse(value.as_str().expect("a text").as_bytes());
        return flatten(&value.expect("a json column holds JSON"), place, put);
    }
    let is_number = kind.ends_with("number");
    flatten(value, place, &mut |place, scalar| {
        let scalar = match scalar {
            Scalar::String(text) if is_number => Scalar::Number(text),
            Scalar::Number(text) if text.contains(['.', 'e', 'E']) => {
                Scalar::Double(text.parse().expect("a double"))
            }
            Scalar::Number(text) => Scalar::Bigint(text.parse().expect("a bigint")),
            other => other,
        };
        put(place, scalar);
    });
}

/// A row of `sluice_rejects`.
#[derive(Debug)]
pub(crate) struct Reject {
    pub(crate) code: String,
    pub(crate) content: String,
}

/// All rejects of a table. None is of a whole document: the door refuses those.
pub(crate) fn rejects(api: Api, table: &str) -> HashMap<Key, Reject> {
    let statement =
        format!("SELECT _id, _row, code, content FROM sluice_rejects WHERE table_name = '{table}'");
    let mut rejects = HashMap::new();
    for row in api.sql(&statement) {
        let key = (text(&row, "_id").to_owned(), row["_row"].as_i64().expect("a position"));
        let reject =
            Reject { code: text(&row, "code").into(), content: text(&row, "content").into() };
        let before = rejects.insert(key.clone(), reject);
        assert!(before.is_none(), "I-2: {key:?} is rejected twice");
    }
    rejects
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("a text at {key} of {value}"))
}

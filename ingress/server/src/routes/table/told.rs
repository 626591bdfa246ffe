//! Tables as the contract tells them.

use serde::Serialize;
use sluice_normalizer::athena::{physical_columns, sql_type};
use sluice_normalizer::{ColumnSchema, Kind, TableSchema};
use sluice_one_machine::{RejectCount, TableDetail, TableSummary};
use std::collections::{BTreeMap, HashMap, HashSet};

#[derive(Serialize)]
pub(super) struct Summary<'a> {
    name: &'a str,
    generation: u32,
    version: u64,
    documents: u64,
    rows: u64,
    rejects: u64,
    child_tables: u64,
    conflicts: u64,
    parts: u64,
    bytes: u64,
}

#[derive(Serialize)]
pub(super) struct Table<'a> {
    summary: Summary<'a>,
    /// The root table first.
    tables: Vec<Physical<'a>>,
    conflicts: Vec<Conflict<'a>>,
    rejects: Vec<Rejects<'a>>,
}

#[derive(Serialize)]
struct Physical<'a> {
    name: &'a str,
    parent: Option<&'a str>,
    /// JSON Pointer from the parent's record or element to the array.
    path: &'a str,
    rows: u64,
    columns: Vec<Column<'a>>,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    /// As SQL shows it.
    #[serde(rename = "type")]
    sql_type: String,
    /// JSON Pointer from the table's record or element; none for what the platform adds.
    path: Option<&'a str>,
    kind: Kind,
}

/// A path that shows as several columns, because its values had kinds that no column can share.
#[derive(Serialize)]
struct Conflict<'a> {
    table: &'a str,
    path: &'a str,
    columns: Vec<Side<'a>>,
}

#[derive(Serialize)]
struct Side<'a> {
    name: &'a str,
    kind: Kind,
}

#[derive(Serialize)]
struct Rejects<'a> {
    code: &'a str,
    count: u64,
}

impl<'a> From<&'a TableSummary> for Summary<'a> {
    fn from(summary: &'a TableSummary) -> Self {
        Summary {
            name: &summary.name,
            generation: summary.generation,
            version: summary.version,
            documents: summary.documents,
            rows: summary.rows,
            rejects: summary.rejects,
            child_tables: summary.child_tables,
            conflicts: summary.conflicts,
            parts: summary.parts,
            bytes: summary.bytes,
        }
    }
}

impl<'a> From<&'a TableDetail> for Table<'a> {
    fn from(detail: &'a TableDetail) -> Self {
        let tables = &detail.registry.tables;
        Table {
            summary: Summary::from(&detail.summary),
            tables: tables.iter().map(|table| physical(table, &detail.rows)).collect(),
            conflicts: tables.iter().flat_map(conflicts).collect(),
            rejects: detail.rejects.iter().map(Rejects::from).collect(),
        }
    }
}

impl<'a> From<&'a RejectCount> for Rejects<'a> {
    fn from(reject: &'a RejectCount) -> Self {
        Rejects { code: &reject.code, count: reject.count }
    }
}

fn physical<'a>(table: &'a TableSchema, rows: &BTreeMap<String, u64>) -> Physical<'a> {
    let data: HashMap<&str, &ColumnSchema> =
        table.columns.iter().map(|column| (column.name.as_str(), column)).collect();
    let columns = physical_columns(table).map(|(name, kind)| Column {
        name,
        sql_type: sql_type(kind),
        path: data.get(name).map(|column| column.path.as_str()),
        kind,
    });
    Physical {
        name: &table.name,
        parent: table.parent.as_deref(),
        path: &table.path,
        rows: rows.get(&table.name).copied().unwrap_or(0),
        columns: columns.collect(),
    }
}

/// One pass groups the columns, so that a wide table costs no square of its columns.
fn conflicts(table: &TableSchema) -> Vec<Conflict<'_>> {
    let mut at_path: HashMap<&str, usize> = HashMap::new();
    for column in &table.columns {
        *at_path.entry(&column.path).or_default() += 1;
    }
    let mut told = HashSet::new();
    let several = table
        .columns
        .iter()
        .map(|column| column.path.as_str())
        .filter(|path| at_path.get(path).is_some_and(|&count| count > 1) && told.insert(*path));
    several
        .filter(|path| table.shown_at(path) > 1)
        .map(|path| Conflict {
            table: &table.name,
            path,
            columns: table
                .at_path(path)
                .map(|column| Side { name: &column.name, kind: column.kind })
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Table;
    use sluice_normalizer::Registry;
    use sluice_one_machine::{RejectCount, TableDetail, TableSummary};
    use std::sync::Arc;

    #[test]
    fn a_table_tells_columns_conflicts_and_rejects() {
        let registry = r#"{"format":1,"table":"t","generation":1,"version":2,"first_date":null,
            "tables":[
            {"name":"t","parent":null,"path":"","since":1,"columns":[
                {"name":"a","path":"/a","kind":"bigint","since":1},
                {"name":"a__double","path":"/a","kind":"double","since":1},
                {"name":"b","path":"/b","kind":"bigint","since":1},
                {"name":"b__string","path":"/b","kind":"string","since":2}]},
            {"name":"t__x","parent":"t","path":"/x","since":1,"columns":[
                {"name":"c","path":"/c","kind":"list_double","since":1}]}]}"#;
        let detail = TableDetail {
            summary: TableSummary {
                name: "t".to_owned(),
                generation: 1,
                version: 2,
                documents: 3,
                rows: 3,
                rejects: 1,
                child_tables: 1,
                conflicts: 1,
                parts: 2,
                bytes: 100,
            },
            registry: Arc::new(Registry::from_json(registry.as_bytes()).unwrap()),
            rows: [("t".to_owned(), 3)].into(),
            rejects: vec![RejectCount { code: "malformed_json".to_owned(), count: 1 }],
        };
        let told = serde_json::to_value(Table::from(&detail)).unwrap();
        let root = &told["tables"][0]["columns"];
        assert_eq!(root[0]["name"], "_id");
        assert_eq!(root[0]["path"], serde_json::Value::Null);
        let data = root.as_array().unwrap().iter().find(|column| column["name"] == "a").unwrap();
        assert_eq!(data.to_string(), r#"{"kind":"bigint","name":"a","path":"/a","type":"bigint"}"#);
        assert_eq!(told["tables"][0]["rows"], 3);
        assert_eq!(told["tables"][1]["rows"], 0);
        assert_eq!(told["tables"][1]["parent"], "t");
        let conflicts = &told["conflicts"];
        assert_eq!(conflicts.as_array().unwrap().len(), 1, "numbers agree: {conflicts}");
        assert_eq!(conflicts[0]["path"], "/b");
        assert_eq!(conflicts[0]["columns"][1]["kind"], "string");
        assert_eq!(told["rejects"][0]["code"], "malformed_json");
    }
}

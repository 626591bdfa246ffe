//! One part, read by the Arrow reader from the Parquet schema alone, as a SQL engine reads it.

use super::registry::{ColumnView, TableView};
use super::scalar::{Scalar, flatten};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use std::collections::BTreeMap;

/// A row: where it comes from, and what its own columns say, by pointer within the row.
#[derive(Debug, Default)]
pub struct Row {
    pub id: String,
    pub row: Option<i64>,
    pub received_at_ms: i64,
    pub principal: Option<String>,
    pub index: Option<i64>,
    pub path: Option<String>,
    pub parent: Option<String>,
    pub values: BTreeMap<String, Scalar>,
}

const ROOT_LINEAGE: &[&str] = &["_id", "_row", "_received_at", "_principal"];
const CHILD_LINEAGE: &[&str] = &["_id", "_row", "_received_at", "_index", "_path", "_parent"];

fn batches(bytes: &[u8], arrow_metadata: bool) -> (Schema, Vec<RecordBatch>) {
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(!arrow_metadata);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes, options)
        .expect("a part is a Parquet file");
    let schema = builder.schema().as_ref().clone();
    let batches = builder.build().expect("a part has a readable schema");
    (schema, batches.map(|batch| batch.expect("a part's pages are readable")).collect())
}

/// All rows of a part of `table`, by what the registry says today (I-3).
pub fn rows(table: &TableView, bytes: &[u8]) -> Vec<Row> {
    check_field_metadata(table, bytes);
    let (schema, batches) = batches(bytes, false);
    let lineage = if table.parent.is_some() { CHILD_LINEAGE } else { ROOT_LINEAGE };
    let mut rows = Vec::new();
    for batch in batches {
        let mut some: Vec<Row> = (0..batch.num_rows()).map(|_| Row::default()).collect();
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let name = field.name().as_str();
            if lineage.contains(&name) {
                put_lineage(name, array, &mut some);
            } else if name == "_rest" {
                put_rest(array, &mut some);
            } else {
                let column = table.column(name).unwrap_or_else(|| {
                    panic!("I-3: the registry does not know {name} of {}", table.name)
                });
                let wanted = physical_type(&column.kind);
                assert!(
                    same_type(array.data_type(), &wanted),
                    "I-3: {name} is {}, its part has {:?}",
                    column.kind,
                    array.data_type()
                );
                put_column(column, array, &mut some);
            }
        }
        rows.extend(some);
    }
    rows
}

/// All rows of a part of `sluice_rejects`: column name to text, numbers as text.
pub fn reject_rows(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    let (schema, batches) = batches(bytes, false);
    let mut rows = Vec::new();
    for batch in batches {
        for i in 0..batch.num_rows() {
            let mut row = BTreeMap::new();
            for (field, array) in schema.fields().iter().zip(batch.columns()) {
                if array.is_null(i) {
                    continue;
                }
                let text = match field.name().as_str() {
                    "_row" => array.as_primitive::<Int64Type>().value(i).to_string(),
                    "_received_at" => {
                        array.as_primitive::<TimestampMillisecondType>().value(i).to_string()
                    }
                    _ => array.as_string::<i32>().value(i).to_owned(),
                };
                row.insert(field.name().clone(), text);
            }
            rows.push(row);
        }
    }
    rows
}

/// Every data column carries its source path and kind in the field metadata.
fn check_field_metadata(table: &TableView, bytes: &[u8]) {
    let (schema, _) = batches_schema(bytes);
    for field in schema.fields() {
        let Some(column) = table.column(field.name()) else { continue };
        let of = |key: &str| field.metadata().get(key).map(String::as_str);
        assert_eq!(of("sluice:path"), Some(column.path.as_str()), "{}", field.name());
        assert_eq!(of("sluice:kind"), Some(column.kind.as_str()), "{}", field.name());
    }
}

fn batches_schema(bytes: &[u8]) -> (Schema, ()) {
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(bytes).expect("the Arrow schema fits the part");
    (builder.schema().as_ref().clone(), ())
}

fn put_lineage(name: &str, array: &dyn Array, rows: &mut [Row]) {
    for (i, row) in rows.iter_mut().enumerate() {
        if array.is_null(i) {
            assert_eq!(name, "_principal", "only the principal may be unknown");
            continue;
        }
        let text = || array.as_string::<i32>().value(i).to_owned();
        let integer = || array.as_primitive::<Int64Type>().value(i);
        match name {
            "_id" => row.id = text(),
            "_row" => row.row = Some(integer()),
            "_received_at" => {
                row.received_at_ms = array.as_primitive::<TimestampMillisecondType>().value(i);
            }
            "_principal" => row.principal = Some(text()),
            "_index" => row.index = Some(integer()),
            "_path" => row.path = Some(text()),
            "_parent" => row.parent = Some(text()),
            other => panic!("{other} is no lineage column"),
        }
    }
}

fn put_rest(array: &dyn Array, rows: &mut [Row]) {
    for (i, row) in rows.iter_mut().enumerate() {
        if array.is_null(i) {
            continue;
        }
        let text = array.as_string::<i32>().value(i);
        let rest = super::model::parse(text.as_bytes()).expect("_rest is JSON");
        let members = rest.as_object().expect("_rest is an object");
        assert!(!members.is_empty(), "an empty _rest is none");
        for (pointer, value) in members {
            assert!(pointer.is_empty() || pointer.starts_with('/'), "{pointer:?} is no pointer");
            flatten(value, pointer, &mut |pointer, scalar| put(row, pointer, scalar));
        }
    }
}

fn put(row: &mut Row, pointer: String, scalar: Scalar) {
    let before = row.values.insert(pointer.clone(), scalar);
    assert!(before.is_none(), "I-4: {pointer:?} of {} is there twice: {before:?}", row.id);
}

fn put_column(column: &ColumnView, array: &dyn Array, rows: &mut [Row]) {
    let path = &column.path;
    for (i, row) in rows.iter_mut().enumerate() {
        if array.is_null(i) {
            continue;
        }
        match column.kind.as_str() {
            "json" => {
                let text = array.as_string::<i32>().value(i);
                let value = super::model::parse(text.as_bytes()).expect("a json column is JSON");
                flatten(&value, path, &mut |pointer, scalar| put(row, pointer, scalar));
            }
            "timestamp" => {
                let millis = array.as_primitive::<TimestampMillisecondType>().value(i);
                // The text beside it, where there is one, is what the source said. Columns of one
                // path come in any order.
                row.values.entry(path.clone()).or_insert_with(|| Scalar::String(canonical(millis)));
            }
            "string" => {
                let text = Scalar::String(array.as_string::<i32>().value(i).to_owned());
                let timestamp = column.has_timestamp_sibling;
                let before = row.values.insert(path.clone(), text);
                assert!(before.is_none() || timestamp, "I-4: {path:?} is there twice");
            }
            kind => match kind.strip_prefix("list_") {
                Some(item) => put_list(path, item, &array.as_list::<i32>().value(i), row),
                None => put(row, path.clone(), scalar(kind, array, i)),
            },
        }
    }
}

fn put_list(pointer: &str, item: &str, array: &dyn Array, row: &mut Row) {
    for i in 0..array.len() {
        if array.is_null(i) {
            continue;
        }
        let place = format!("{pointer}/{i}");
        match item.strip_prefix("list_") {
            Some(inner) => put_list(&place, inner, &array.as_list::<i32>().value(i), row),
            None => put(row, place, scalar(item, array, i)),
        }
    }
}

fn scalar(kind: &str, array: &dyn Array, i: usize) -> Scalar {
    match kind {
        "boolean" => Scalar::Boolean(array.as_boolean().value(i)),
        "bigint" => Scalar::Bigint(array.as_primitive::<Int64Type>().value(i)),
        "double" => Scalar::Double(array.as_primitive::<Float64Type>().value(i)),
        "number" => Scalar::Number(array.as_string::<i32>().value(i).to_owned()),
        "string" => Scalar::String(array.as_string::<i32>().value(i).to_owned()),
        other => panic!("{other} is no kind of a scalar"),
    }
}

/// The one text that a stored timestamp stands for.
fn canonical(millis: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(millis).expect("a time of years 1 to 9999");
    let text = time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    text.replace(".000Z", "Z")
}

/// DESIGN.md 2.3, the table of kinds, and 2.5: what Athena reads of each.
fn physical_type(kind: &str) -> DataType {
    match kind {
        "boolean" => DataType::Boolean,
        "bigint" => DataType::Int64,
        "double" => DataType::Float64,
        "number" | "string" | "json" => DataType::Utf8,
        "timestamp" => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        kind => {
            let item = kind.strip_prefix("list_").unwrap_or_else(|| panic!("{kind} is no kind"));
            DataType::new_list(physical_type(item), true)
        }
    }
}

fn same_type(found: &DataType, wanted: &DataType) -> bool {
    match (found, wanted) {
        (DataType::List(found), DataType::List(wanted)) => {
            same_type(found.data_type(), wanted.data_type())
        }
        (found, wanted) => found == wanted,
    }
}

//! Records in, tables out, both as one line of text.
#![allow(dead_code, unreachable_pub)]

use crate::reader::post::{PartFile, Posted, Written, post, settings};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use sluice_normalizer::Form;

/// Posts each of `batches`, records one after the other, under `yaml`, settings of one table.
pub fn write(yaml: &str, batches: &[&str]) -> Written {
    let yaml = if yaml.is_empty() { String::new() } else { format!("tables: {{t: {{{yaml}}}}}") };
    let batches: Vec<Vec<Posted>> = batches
        .iter()
        .zip(0..)
        .map(|(batch, i): (_, u32)| {
            vec![Posted::new(format!("d{i}"), Form::Ndjson, records(batch).join("\n"))]
        })
        .collect();
    post(&settings(&yaml), &batches)
}

/// `{"a":1} {"a":2}` as its records.
fn records(text: &str) -> Vec<&str> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let mut records = Vec::new();
    let mut start = 0;
    while let Some(Ok(_)) = stream.next() {
        records.push(text[start..stream.byte_offset()].trim());
        start = stream.byte_offset();
    }
    records.push(text[start..].trim());
    records
}

/// The data columns of all tables, `name kind [value a row]`, then `_rest` where there is one;
/// child tables after `|` with their name and `_path`. Without rows nothing.
pub fn tables(written: &Written) -> String {
    let registry = written.last_registry();
    let tables = registry["tables"].as_array().expect("tables");
    let mut out = Vec::new();
    for (table, at) in tables.iter().zip(0..) {
        let parts: Vec<&PartFile> =
            written.parts.iter().filter(|part| part.table == table["name"]).collect();
        let mut columns = Vec::new();
        if at > 0 {
            columns.push(format!("_path {}", values(&parts, "_path")));
        }
        for column in table["columns"].as_array().expect("columns") {
            let (name, kind) = (text(&column["name"]), text(&column["kind"]));
            columns.push(format!("{name} {kind} {}", values(&parts, name)));
        }
        let rest = values(&parts, "_rest");
        if rest.contains('{') {
            columns.push(format!("_rest {rest}"));
        }
        let name = if at > 0 { format!("{}: ", text(&table["name"])) } else { String::new() };
        out.push(format!("{name}{}", columns.join("; ")));
    }
    out.join(" | ")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// One column's values in all parts.
pub fn values(parts: &[&PartFile], column: &str) -> String {
    let values: Vec<String> = parts.iter().flat_map(|part| of_part(&part.bytes, column)).collect();
    format!("[{}]", values.join(", "))
}

fn of_part(bytes: &[u8], column: &str) -> Vec<String> {
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).expect("a Parquet file");
    let reader = reader.build().expect("a readable file");
    reader.flat_map(|batch| of_batch(&batch.expect("readable pages"), column)).collect()
}

fn of_batch(batch: &RecordBatch, column: &str) -> Vec<String> {
    match batch.column_by_name(column) {
        Some(array) => (0..batch.num_rows()).map(|row| cell(array, row)).collect(),
        None => vec!["null".to_owned(); batch.num_rows()],
    }
}

/// As JSON; texts of numbers and of JSON stand there as strings, timestamps as milliseconds.
fn cell(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) {
        return "null".to_owned();
    }
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:?}", array.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(..) => {
            array.as_primitive::<TimestampMillisecondType>().value(row).to_string()
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            let items: Vec<String> = (0..items.len()).map(|at| cell(&items, at)).collect();
            format!("[{}]", items.join(","))
        }
        _ => quoted(array.as_string::<i32>().value(row)),
    }
}

/// In single quotes, so that JSON inside stays readable.
fn quoted(text: &str) -> String {
    format!("'{text}'")
}

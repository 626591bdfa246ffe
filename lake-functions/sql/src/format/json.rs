//! Rows as JSON objects: in one document, or one a line.

use super::cells::Cells;
use super::type_name::type_name;
use crate::limits::CHUNK_BYTES;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::common::Result;
use serde_json::json;

/// Writes rows as JSON.
pub(crate) struct JsonWriter {
    pub(super) out: Vec<u8>,
    /// `"name":` of every column.
    keys: Vec<Vec<u8>>,
    form: Form,
    any_row: bool,
}

#[derive(PartialEq)]
enum Form {
    Document,
    Lines,
}

impl JsonWriter {
    pub(super) fn document(schema: &Schema, names: &[String]) -> Self {
        let columns: Vec<_> = names
            .iter()
            .zip(schema.fields())
            .map(|(name, field)| json!({"name": name, "type": type_name(field.data_type())}))
            .collect();
        let columns = serde_json::Value::from(columns);
        let head = format!(r#"{{"success":true,"data":{{"columns":{columns},"rows":["#);
        JsonWriter { out: head.into_bytes(), ..JsonWriter::new(names, Form::Document) }
    }

    pub(super) fn lines(names: &[String]) -> Self {
        JsonWriter::new(names, Form::Lines)
    }

    fn new(names: &[String], form: Form) -> Self {
        let key =
            |name: &String| format!("{}:", serde_json::Value::from(name.as_str())).into_bytes();
        JsonWriter { out: Vec::new(), keys: names.iter().map(key).collect(), form, any_row: false }
    }

    pub(super) fn rows(&mut self, batch: &RecordBatch, row: usize) -> Result<usize> {
        let columns = batch.columns().iter().map(|array| Cells::new(&**array));
        let columns: Vec<Cells<'_>> = columns.collect::<Result<_>>()?;
        let mut row = row;
        while row < batch.num_rows() && self.out.len() < CHUNK_BYTES {
            self.row(&columns, row);
            row += 1;
        }
        Ok(row)
    }

    fn row(&mut self, columns: &[Cells<'_>], row: usize) {
        if self.form == Form::Document && self.any_row {
            self.out.push(b',');
        }
        self.any_row = true;
        self.out.push(b'{');
        for (at, (key, column)) in self.keys.iter().zip(columns).enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(key);
            column.write_json(row, &mut self.out);
        }
        self.out.push(b'}');
        if self.form == Form::Lines {
            self.out.push(b'\n');
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.form == Form::Document {
            self.out.extend_from_slice(b"]}}\n");
        }
        self.out
    }
}

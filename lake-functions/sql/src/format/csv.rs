//! Rows as CSV.

use super::cells::Cells;
use crate::limits::CHUNK_BYTES;
use datafusion::arrow::array::RecordBatch;
use datafusion::common::Result;

/// Writes rows as CSV.
pub(crate) struct CsvWriter {
    pub(super) out: Vec<u8>,
}

impl CsvWriter {
    pub(super) fn new(names: &[String]) -> Self {
        let mut writer = CsvWriter { out: Vec::new() };
        writer.line(names.iter().map(|name| Some(name.clone())));
        writer
    }

    pub(super) fn rows(&mut self, batch: &RecordBatch, row: usize) -> Result<usize> {
        let columns = batch.columns().iter().map(|array| Cells::new(&**array));
        let columns: Vec<Cells<'_>> = columns.collect::<Result<_>>()?;
        let mut row = row;
        while row < batch.num_rows() && self.out.len() < CHUNK_BYTES {
            self.line(columns.iter().map(|column| column.text(row)));
            row += 1;
        }
        Ok(row)
    }

    fn line(&mut self, fields: impl Iterator<Item = Option<String>>) {
        for (at, field) in fields.enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            match field {
                None => {}
                Some(text) if text.is_empty() || text.contains([',', '"', '\n', '\r']) => {
                    self.out.push(b'"');
                    self.out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
                    self.out.push(b'"');
                }
                Some(text) => self.out.extend_from_slice(text.as_bytes()),
            }
        }
        self.out.push(b'\n');
    }
}

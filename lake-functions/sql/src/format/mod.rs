//! Results as JSON, NDJSON, CSV and Arrow.

mod arrow;
mod cells;
mod csv;
mod json;
mod names;
mod type_name;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultFormat {
    /// `{"success":true,"data":{"columns":[{"name":…,"type":…}],"rows":[{…}]}}`, types in Athena's
    /// words, nulls written out.
    Json,
    /// One object a row, nulls written out.
    Ndjson,
    /// RFC 4180 with a header and `\n`; null is empty, an empty text is `""`, a list its JSON.
    Csv,
    /// An Arrow IPC stream; texts are Utf8.
    Arrow,
}

impl ResultFormat {
    /// The media type of what is written.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            ResultFormat::Json => "application/json",
            ResultFormat::Ndjson => "application/x-ndjson",
            ResultFormat::Csv => "text/csv; charset=utf-8; header=present",
            ResultFormat::Arrow => "application/vnd.apache.arrow.stream",
        }
    }
}

/// Writes rows; what is written is taken away piece by piece.
pub(crate) enum Writer {
    Json(json::JsonWriter),
    Csv(csv::CsvWriter),
    Arrow(Box<arrow::ArrowWriter>),
}

impl Writer {
    /// Columns of the same name are told apart: `_id`, `_id_2`.
    pub(crate) fn new(format: ResultFormat, schema: &SchemaRef) -> Result<Self> {
        let names = names::unique(schema);
        Ok(match format {
            ResultFormat::Json => Writer::Json(json::JsonWriter::document(schema, &names)),
            ResultFormat::Ndjson => Writer::Json(json::JsonWriter::lines(&names)),
            ResultFormat::Csv => Writer::Csv(csv::CsvWriter::new(&names)),
            ResultFormat::Arrow => {
                Writer::Arrow(Box::new(arrow::ArrowWriter::new(schema, &names)?))
            }
        })
    }

    /// Writes rows of `batch` from `row` on, about a chunk, and says where it stopped.
    pub(crate) fn rows(&mut self, batch: &RecordBatch, row: usize) -> Result<usize> {
        match self {
            Writer::Json(writer) => writer.rows(batch, row),
            Writer::Csv(writer) => writer.rows(batch, row),
            Writer::Arrow(writer) => writer.rows(batch, row),
        }
    }

    /// How much is there to take.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Writer::Json(writer) => writer.out.len(),
            Writer::Csv(writer) => writer.out.len(),
            Writer::Arrow(writer) => writer.bytes(),
        }
    }

    pub(crate) fn take(&mut self) -> Vec<u8> {
        match self {
            Writer::Json(writer) => std::mem::take(&mut writer.out),
            Writer::Csv(writer) => std::mem::take(&mut writer.out),
            Writer::Arrow(writer) => writer.take(),
        }
    }

    /// The rest, to the end of the document.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        match self {
            Writer::Json(writer) => Ok(writer.finish()),
            Writer::Csv(writer) => Ok(writer.out),
            Writer::Arrow(writer) => writer.finish(),
        }
    }
}

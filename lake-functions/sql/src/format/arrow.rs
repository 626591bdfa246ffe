//! Rows as an Arrow IPC stream.

use crate::limits::ARROW_MESSAGE_BYTES;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::common::Result;
use std::sync::Arc;

/// Writes rows as Arrow messages.
pub(crate) struct ArrowWriter {
    schema: SchemaRef,
    stream: StreamWriter<Vec<u8>>,
}

impl ArrowWriter {
    pub(super) fn new(schema: &Schema, names: &[String]) -> Result<Self> {
        let field = |(name, field): (&String, &Arc<Field>)| {
            Field::new(name, widely_known(field.data_type()), true)
        };
        let fields: Vec<Field> = names.iter().zip(schema.fields()).map(field).collect();
        let schema = Arc::new(Schema::new(fields));
        Ok(ArrowWriter { stream: StreamWriter::try_new(Vec::new(), &schema)?, schema })
    }

    pub(super) fn rows(&mut self, batch: &RecordBatch, row: usize) -> Result<usize> {
        let end = message_end(batch, row);
        let columns = batch.columns().iter().zip(self.schema.fields());
        let columns: Vec<ArrayRef> = columns
            .map(|(array, field)| Ok(cast(&array.slice(row, end - row), field.data_type())?))
            .collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(end - row));
        let message =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        self.stream.write(&message)?;
        Ok(end)
    }

    pub(super) fn bytes(&self) -> usize {
        self.stream.get_ref().len()
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.stream.get_mut())
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>> {
        self.stream.finish()?;
        Ok(self.take())
    }
}

/// Views and dictionaries are young or rare; every reader knows what they stand for.
fn widely_known(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, value) => widely_known(value),
        other => other.clone(),
    }
}

/// Where a message that starts at `row` ends: a long text that many rows share by a view is
/// written out in each of them.
fn message_end(batch: &RecordBatch, row: usize) -> usize {
    let views: Vec<_> = batch.columns().iter().filter_map(|a| a.as_string_view_opt()).collect();
    let mut bytes = 0;
    for at in row..batch.num_rows() {
        bytes += views.iter().map(|array| array.value(at).len()).sum::<usize>();
        if bytes >= ARROW_MESSAGE_BYTES {
            return at + 1;
        }
    }
    batch.num_rows()
}

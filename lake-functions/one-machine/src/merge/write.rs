//! One Parquet file out of several whose columns differ.

use crate::lake_folder::LakeFolder;
use crate::snapshot::Part;
use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{Field, Fields, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterVersion};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Rows read at a time.
const READ_ROWS: usize = 8 * 1024;

/// A row group is closed at this size in memory, bytes.
const ROW_GROUP_BYTES: usize = 64 * 1024 * 1024;

/// Why parts were not merged; nothing changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MergeError {
    /// A part cannot be read.
    #[error("read part {key}")]
    Read {
        /// The part.
        key: String,
        /// What the reader said.
        source: ParquetError,
    },
    /// A part cannot be opened.
    #[error("open part {key}")]
    Open {
        /// The part.
        key: String,
        /// What the file system said.
        source: io::Error,
    },
    /// A column is not the table's, or has another type than in the parts before: I-5 is broken.
    /// Which one is not told: columns are named after keys of documents (I-8).
    #[error("a column of part {key} does not fit its table")]
    Columns {
        /// The part.
        key: String,
    },
    /// A part has not the rows that the ledger knows.
    #[error("part {key} has {found} rows, expected {expected}")]
    Rows {
        /// The part.
        key: String,
        /// Rows read.
        found: u64,
        /// Rows that the ledger knows.
        expected: u64,
    },
    /// The merged part cannot be encoded.
    #[error("encode the merged part")]
    Encode(#[source] ParquetError),
}

impl MergeError {
    /// The part that cannot be merged, where it is known to be the reason.
    pub(crate) fn part(&self) -> Option<&str> {
        match self {
            MergeError::Read { key, .. }
            | MergeError::Open { key, .. }
            | MergeError::Columns { key }
            | MergeError::Rows { key, .. } => Some(key),
            MergeError::Encode(_) => None,
        }
    }
}

/// A merged part's content.
pub(crate) struct Merged {
    pub(crate) rows: u64,
    pub(crate) content: Vec<u8>,
}

/// Reads parts of one physical table and writes their rows, in the order of the parts, into one.
/// `columns`: the table's, in their order; a column that none of the parts has stays away.
pub(crate) fn merge<'c>(
    lake: &LakeFolder,
    parts: &[Arc<Part>],
    columns: impl Iterator<Item = &'c str>,
) -> Result<Merged, MergeError> {
    let (schema, metadata) = schema_of(lake, parts, columns)?;
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(metadata))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))
        .map_err(MergeError::Encode)?;
    let mut rows = 0;
    for part in parts {
        let mut found = 0;
        let read = |source| MergeError::Read { key: part.key.clone(), source };
        let reader = open(lake, part)?.with_batch_size(READ_ROWS).build().map_err(read)?;
        for batch in reader {
            let batch = batch.map_err(|error| read(error.into()))?;
            found += batch.num_rows() as u64;
            let batch = widened(&batch, &schema)
                .map_err(|_| MergeError::Columns { key: part.key.clone() })?;
            writer.write(&batch).map_err(MergeError::Encode)?;
            if writer.in_progress_size() >= ROW_GROUP_BYTES {
                writer.flush().map_err(MergeError::Encode)?;
            }
        }
        if found != part.rows {
            let (key, expected) = (part.key.clone(), part.rows);
            return Err(MergeError::Rows { key, found, expected });
        }
        rows += found;
    }
    let content = writer.into_inner().map_err(MergeError::Encode)?;
    Ok(Merged { rows, content })
}

fn open(
    lake: &LakeFolder,
    part: &Part,
) -> Result<ParquetRecordBatchReaderBuilder<File>, MergeError> {
    let file = File::open(lake.root().join(&part.key))
        .map_err(|source| MergeError::Open { key: part.key.clone(), source })?;
    ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|source| MergeError::Read { key: part.key.clone(), source })
}

/// The columns that any part has, and what the last part's footer tells about the table.
fn schema_of<'c>(
    lake: &LakeFolder,
    parts: &[Arc<Part>],
    columns: impl Iterator<Item = &'c str>,
) -> Result<(SchemaRef, Vec<KeyValue>), MergeError> {
    let columns: Vec<&str> = columns.collect();
    let known: HashSet<&str> = columns.iter().copied().collect();
    let mut fields: HashMap<String, Arc<Field>> = HashMap::new();
    let mut metadata = Vec::new();
    for part in parts {
        let builder = open(lake, part)?;
        for field in builder.schema().fields() {
            let first = fields.entry(field.name().clone()).or_insert_with(|| Arc::clone(field));
            let fits = first.data_type() == field.data_type();
            if !fits || !known.contains(field.name().as_str()) {
                return Err(MergeError::Columns { key: part.key.clone() });
            }
        }
        let about = builder.metadata().file_metadata().key_value_metadata();
        metadata = about.cloned().unwrap_or_default();
    }
    // The batch is no longer one; the Arrow schema is written anew.
    metadata.retain(|entry| entry.key != "sluice.batch" && entry.key != "ARROW:schema");
    let ordered: Fields = columns.into_iter().filter_map(|name| fields.remove(name)).collect();
    Ok((Arc::new(Schema::new(ordered)), metadata))
}

/// The batch with nulls in the columns that its part lacks.
fn widened(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let column = |field: &Arc<Field>| -> ArrayRef {
        let found = batch.column_by_name(field.name());
        found.map_or_else(|| new_null_array(field.data_type(), batch.num_rows()), Arc::clone)
    };
    RecordBatch::try_new(Arc::clone(schema), schema.fields().iter().map(column).collect())
}

#[cfg(test)]
mod tests {
    use super::{MergeError, merge};
    use crate::lake_folder::LakeFolder;
    use crate::snapshot::Part;
    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use std::sync::Arc;

    fn part(lake: &LakeFolder, name: &str, column: ArrayRef, rows: u64) -> Arc<Part> {
        let batch = RecordBatch::try_from_iter([("secret", column)]).expect("a batch");
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
        writer.write(&batch).expect("write");
        let content = writer.into_inner().expect("write");
        let key = format!("t/g1/tier=live/ingest_date=2026-11-20/{name}.parquet");
        lake.write_part(&key, &content).expect("write");
        let (tier, ingest_date) = ("live".to_owned(), "2026-11-20".to_owned());
        Arc::new(Part { key, tier, ingest_date, rows, bytes: content.len() as u64 })
    }

    #[test]
    fn a_part_that_does_not_fit_is_named_and_no_column_is() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let lake = LakeFolder::at(folder.path());
        let first = part(&lake, "1", Arc::new(Int64Array::from(vec![1, 2])), 2);
        let other_type = part(&lake, "2", Arc::new(StringArray::from(vec!["x"])), 1);
        let other_rows = part(&lake, "3", Arc::new(Int64Array::from(vec![3])), 2);
        let tried = |parts: &[&Arc<Part>], columns: &[&'static str]| {
            let parts: Vec<_> = parts.iter().map(|part| Arc::clone(part)).collect();
            merge(&lake, &parts, columns.iter().copied()).map(|merged| merged.rows)
        };
        assert_eq!(tried(&[&first, &first], &["secret"]).expect("they fit"), 4);
        for (parts, columns, culprit) in [
            ([&first, &other_type], &["secret"][..], &other_type),
            ([&first, &first], &["other"], &first),
            ([&first, &other_rows], &["secret"], &other_rows),
        ] {
            let error = tried(&parts, columns).expect_err("they do not fit");
            assert_eq!(error.part(), Some(culprit.key.as_str()), "{error}");
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        }
        let nowhere = Arc::new(Part { key: "nowhere".to_owned(), ..(*first).clone() });
        let error = tried(&[&first, &nowhere], &["secret"]).expect_err("it is missing");
        assert!(matches!(&error, MergeError::Open { .. }) && error.part() == Some("nowhere"));
    }
}

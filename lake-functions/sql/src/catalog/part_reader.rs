//! Opens parts, so that an error names the part it is about.

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// A part that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("part {key} is not readable")]
pub(crate) struct UnreadablePart {
    /// Its key.
    pub(crate) key: String,
    #[source]
    source: ParquetError,
}

/// Makes the readers of one query. Footers come from a cache that all queries share: parts never
/// change.
#[derive(Debug)]
pub(crate) struct PartReaders {
    cached: Arc<CachedParquetFileReaderFactory>,
    /// Keys of all parts that were opened, in order.
    opened: Mutex<Vec<String>>,
}

impl PartReaders {
    pub(crate) fn new(cached: Arc<CachedParquetFileReaderFactory>) -> Self {
        PartReaders { cached, opened: Mutex::default() }
    }

    /// The parts that the query has opened so far, the latest first. A broken page is found out
    /// by the decoder, which does not know what it reads.
    pub(crate) fn opened(&self) -> Vec<String> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.iter().rev().cloned().collect()
    }
}

impl ParquetFileReaderFactory for PartReaders {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        metadata_bytes: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let key = file.object_meta.location.to_string();
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(key.clone());
        let reader = self.cached.create_reader(partition, file, metadata_bytes, metrics)?;
        Ok(Box::new(PartReader { key, reader }))
    }
}

struct PartReader {
    key: String,
    reader: Box<dyn AsyncFileReader + Send>,
}

/// Names the part in an error of reading it.
fn named<T>(key: &str, read: Result<T, ParquetError>) -> Result<T, ParquetError> {
    read.map_err(|source| {
        ParquetError::External(Box::new(UnreadablePart { key: key.to_owned(), source }))
    })
}

impl AsyncFileReader for PartReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        let read = self.reader.get_bytes(range);
        let key = &self.key;
        async move { named(key, read.await) }.boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        let read = self.reader.get_byte_ranges(ranges);
        let key = &self.key;
        async move { named(key, read.await) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let read = self.reader.get_metadata(options);
        let key = &self.key;
        async move { named(key, read.await) }.boxed()
    }
}

//! One column chunk: its pages, compressed, and what the footer says of them.

use super::EncodeError;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

/// zstd's level: 1 is within a few percent of the size of its default 3 on page data, and half
/// the time.
const ZSTD_LEVEL: i32 = 1;

/// A reusable compressor and buffers.
pub(super) struct Pages {
    zstd: zstd::bulk::Compressor<'static>,
    compressed: Vec<u8>,
}

/// A column chunk in the making.
pub(super) struct Chunk<'p> {
    pages: &'p mut Pages,
    sink: TrackedWrite<Vec<u8>>,
    values: u64,
    compressed_bytes: i64,
    uncompressed_bytes: i64,
    dictionary_offset: Option<i64>,
    data_offset: Option<i64>,
    encodings: Vec<Encoding>,
}

impl Pages {
    pub(super) fn new() -> Result<Self, EncodeError> {
        let zstd = zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(EncodeError::Compress)?;
        Ok(Pages { zstd, compressed: Vec::new() })
    }

    pub(super) fn codec() -> Compression {
        Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).expect("a level zstd has"))
    }

    pub(super) fn chunk(&mut self) -> Chunk<'_> {
        Chunk {
            pages: self,
            sink: TrackedWrite::new(Vec::new()),
            values: 0,
            compressed_bytes: 0,
            uncompressed_bytes: 0,
            dictionary_offset: None,
            data_offset: None,
            encodings: vec![Encoding::RLE],
        }
    }
}

impl Chunk<'_> {
    /// Values so far, nulls included.
    pub(super) fn values(&self) -> u64 {
        self.values
    }

    /// The dictionary page, before any data page. `body`: entries as PLAIN.
    pub(super) fn dictionary(&mut self, body: &[u8], entries: usize) -> Result<(), EncodeError> {
        self.encodings.push(Encoding::PLAIN);
        let offset = self.write(body, |buf| Page::DictionaryPage {
            buf,
            num_values: entries as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        })?;
        self.dictionary_offset = Some(offset);
        Ok(())
    }

    /// A data page. `body`: levels, then values in `encoding`; `values`: with nulls.
    pub(super) fn data(
        &mut self,
        body: &[u8],
        values: usize,
        encoding: Encoding,
    ) -> Result<(), EncodeError> {
        if !self.encodings.contains(&encoding) {
            self.encodings.push(encoding);
        }
        let offset = self.write(body, |buf| Page::DataPage {
            buf,
            num_values: values as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        })?;
        self.data_offset.get_or_insert(offset);
        self.values += values as u64;
        Ok(())
    }

    fn write(&mut self, body: &[u8], page: impl FnOnce(Bytes) -> Page) -> Result<i64, EncodeError> {
        let Pages { zstd, compressed } = &mut *self.pages;
        compressed.resize(zstd::zstd_safe::compress_bound(body.len()), 0);
        let len =
            zstd.compress_to_buffer(body, &mut compressed[..]).map_err(EncodeError::Compress)?;
        let page = page(Bytes::copy_from_slice(&compressed[..len]));
        let spec = SerializedPageWriter::new(&mut self.sink)
            .write_page(CompressedPage::new(page, body.len()))?;
        self.compressed_bytes += spec.compressed_size as i64;
        self.uncompressed_bytes += spec.uncompressed_size as i64;
        Ok(spec.offset as i64)
    }

    /// Ends the chunk: its bytes, and what the row group needs to take them over.
    pub(super) fn finish(
        self,
        descriptor: ColumnDescPtr,
        rows: u64,
        statistics: Option<Statistics>,
    ) -> Result<(Bytes, ColumnCloseResult), EncodeError> {
        let mut metadata = ColumnChunkMetaData::builder(descriptor)
            .set_compression(Pages::codec())
            .set_encodings(self.encodings)
            .set_num_values(self.values as i64)
            .set_total_compressed_size(self.compressed_bytes)
            .set_total_uncompressed_size(self.uncompressed_bytes)
            .set_data_page_offset(self.data_offset.unwrap_or_default())
            .set_dictionary_page_offset(self.dictionary_offset);
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: self.compressed_bytes as u64,
            rows_written: rows,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((Bytes::from(self.sink.into_inner()?), close))
    }
}

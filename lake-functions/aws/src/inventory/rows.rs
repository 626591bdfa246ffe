//! A file of an inventory: gzip and CSV, fed as it comes.

use super::fault::InventoryFault;
use super::manifest::Columns;
use crate::limits::{INVENTORY_COLUMNS_MAX, INVENTORY_LINE_BYTES_MAX};
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use csv_core::{ReadRecordResult, Reader};
use flate2::write::MultiGzDecoder;
use percent_encoding::percent_decode_str;
use std::io::Write;

/// An object that the bucket held when the inventory was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryEntry {
    /// As S3 keeps it, not URL-encoded.
    pub key: String,
    /// Milliseconds since 1970 UTC.
    pub last_modified_ms: i64,
    /// Its size as stored.
    pub bytes: u64,
}

/// Reads rows from packed bytes. What it holds is bounded by the longest line, and by what the bytes
/// of one call unpack to.
pub(super) struct Rows {
    unpacked: MultiGzDecoder<Vec<u8>>,
    csv: Reader,
    /// The row being read: its fields' text, one behind the other, and where each ends.
    line: Vec<u8>,
    line_bytes: usize,
    ends: Vec<usize>,
    fields: usize,
    columns: Columns,
    /// Rows passed over.
    from: u64,
    read: u64,
}

impl Rows {
    /// `from`: rows that are counted and nothing else.
    pub(super) fn new(columns: Columns, from: u64) -> Self {
        Rows {
            unpacked: MultiGzDecoder::new(Vec::new()),
            csv: Reader::new(),
            line: vec![0; INVENTORY_LINE_BYTES_MAX],
            line_bytes: 0,
            ends: vec![0; INVENTORY_COLUMNS_MAX],
            fields: 0,
            columns,
            from,
            read: 0,
        }
    }

    /// Rows read so far, those passed over included.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// Adds the rows that end in these bytes: of each object its newest version, unless that is
    /// deleted.
    pub(super) fn feed(
        &mut self,
        packed: &[u8],
        entries: &mut Vec<InventoryEntry>,
    ) -> Result<(), InventoryFault> {
        self.unpacked.write_all(packed).map_err(|_| InventoryFault::Gzip)?;
        self.take(entries)
    }

    /// The end of the file; its last line need not end.
    pub(super) fn finish(
        &mut self,
        entries: &mut Vec<InventoryEntry>,
    ) -> Result<(), InventoryFault> {
        self.unpacked.try_finish().map_err(|_| InventoryFault::Gzip)?;
        self.take(entries)?;
        // To the CSV reader no bytes are the end.
        self.line(&[], entries).map(|_| ())
    }

    fn take(&mut self, entries: &mut Vec<InventoryEntry>) -> Result<(), InventoryFault> {
        let text = std::mem::take(self.unpacked.get_mut());
        let mut rest = text.as_slice();
        while !rest.is_empty() {
            let read = self.line(rest, entries)?;
            rest = &rest[read..];
        }
        Ok(())
    }

    /// Reads to the line's end or the text's; answers how many bytes.
    fn line(
        &mut self,
        text: &[u8],
        entries: &mut Vec<InventoryEntry>,
    ) -> Result<usize, InventoryFault> {
        let line = self.read + 1;
        let (result, read, wrote, ended) = self.csv.read_record(
            text,
            &mut self.line[self.line_bytes..],
            &mut self.ends[self.fields..],
        );
        self.line_bytes += wrote;
        self.fields += ended;
        match result {
            ReadRecordResult::OutputFull => return Err(InventoryFault::LineTooLong { line }),
            ReadRecordResult::OutputEndsFull => {
                return Err(InventoryFault::Fields { line, expected: self.columns.count });
            }
            ReadRecordResult::Record => {
                self.read += 1;
                if self.read > self.from {
                    entries.extend(self.entry(line)?);
                }
                (self.line_bytes, self.fields) = (0, 0);
            }
            ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
        }
        Ok(read)
    }

    /// The row just read, none when it is of a version that is not the object any more.
    fn entry(&self, line: u64) -> Result<Option<InventoryEntry>, InventoryFault> {
        let Columns { count, key, size, last_modified, is_latest, is_delete_marker } = self.columns;
        if self.fields != count {
            return Err(InventoryFault::Fields { line, expected: count });
        }
        let text = |at: usize, column| {
            let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
            str::from_utf8(&self.line[from..self.ends[at]])
                .map_err(|_| InventoryFault::Value { line, column })
        };
        let flag = |at: Option<usize>, absent, column| match at.map(|at| text(at, column)) {
            None => Ok(absent),
            Some(Ok("true")) => Ok(true),
            Some(Ok("false")) => Ok(false),
            Some(_) => Err(InventoryFault::Value { line, column }),
        };
        // A delete marker has no size.
        if !flag(is_latest, true, "IsLatest")? || flag(is_delete_marker, false, "IsDeleteMarker")? {
            return Ok(None);
        }
        let value = |column| InventoryFault::Value { line, column };
        // As in S3's notifications, a blank may be a plus sign; a plus sign never is one itself.
        let blanks = text(key, "Key")?.replace('+', " ");
        let key = percent_decode_str(&blanks).decode_utf8().map_err(|_| value("Key"))?;
        let date =
            DateTime::from_str(text(last_modified, "LastModifiedDate")?, DateTimeFormat::DateTime);
        let last_modified_ms = date.ok().and_then(|date| date.to_millis().ok());
        let bytes = text(size, "Size")?.parse();
        Ok(Some(InventoryEntry {
            key: key.into_owned(),
            last_modified_ms: last_modified_ms.ok_or(value("LastModifiedDate"))?,
            bytes: bytes.map_err(|_| value("Size"))?,
        }))
    }
}

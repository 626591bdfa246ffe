//! A file of an inventory, read in ranges.
//!
//! Between two rows somebody may ask a ledger for minutes; a connection that nobody reads from is
//! closed by S3, a range that was read is there.

use super::fault::{InventoryError, InventoryFault};
use super::manifest::{Columns, ManifestFile};
use super::rows::Rows;
use super::{InventoryEntry, S3Inventory, hex};
use crate::limits::{INVENTORY_PAGE_ROWS, INVENTORY_RANGE_BYTES};
use md5::{Digest, Md5};

/// Packed bytes unpacked at once: at most 1,032 times as many (RFC 1951), 4 MB.
const PIECE_BYTES: usize = 4_096;

/// A file of an inventory, at some row.
pub struct InventoryFile {
    inventory: S3Inventory,
    file: ManifestFile,
    rows: Rows,
    md5: Md5,
    /// Of the object that the first range was of.
    etag: Option<String>,
    /// The range at hand, and how much of it is used.
    range: Vec<u8>,
    used: usize,
    /// Bytes of the file read before the next range.
    read_bytes: u64,
    ended: bool,
}

impl InventoryFile {
    pub(super) fn new(
        inventory: S3Inventory,
        file: ManifestFile,
        columns: &Columns,
        from_row: u64,
    ) -> Self {
        InventoryFile {
            inventory,
            file,
            rows: Rows::new(*columns, from_row),
            md5: Md5::new(),
            etag: None,
            range: Vec::new(),
            used: 0,
            read_bytes: 0,
            ended: false,
        }
    }

    /// How many rows are done with, those passed over included: where to go on later.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.read()
    }

    /// The next objects, some thousands, at the end fewer; none after it. Of the versions of an
    /// object only the newest, and no deleted one.
    ///
    /// # Errors
    /// [`InventoryError`]; the file is of no more use then.
    pub async fn page(&mut self) -> Result<Option<Vec<InventoryEntry>>, InventoryError> {
        let mut entries = Vec::new();
        while !self.ended && entries.len() < INVENTORY_PAGE_ROWS {
            let stepped = if self.used < self.range.len() {
                let end = self.range.len().min(self.used + PIECE_BYTES);
                let piece = &self.range[self.used..end];
                self.used = end;
                self.rows.feed(piece, &mut entries)
            } else if self.read_bytes < self.file.size {
                self.fetch().await?;
                Ok(())
            } else {
                self.ended = true;
                self.rows.finish(&mut entries).and_then(|()| self.check_md5())
            };
            stepped.map_err(|fault| self.inventory.odd(&self.file.key, fault))?;
        }
        Ok(if self.ended && entries.is_empty() { None } else { Some(entries) })
    }

    async fn fetch(&mut self) -> Result<(), InventoryError> {
        let ManifestFile { key, size, .. } = &self.file;
        let bytes = INVENTORY_RANGE_BYTES.min(size - self.read_bytes);
        let etag = self.etag.as_deref();
        let range = self.inventory.bucket.range(key, self.read_bytes, bytes, etag).await?;
        let Some(range) = range else {
            return Err(self.inventory.odd(key, InventoryFault::Absent));
        };
        if range.bytes.len() as u64 != bytes || range.object_bytes != Some(*size) {
            return Err(self.inventory.odd(key, InventoryFault::Size { bytes: *size }));
        }
        self.md5.update(&range.bytes);
        self.read_bytes += bytes;
        self.etag = range.etag;
        (self.range, self.used) = (range.bytes, 0);
        Ok(())
    }

    fn check_md5(&mut self) -> Result<(), InventoryFault> {
        let found = hex(&self.md5.finalize_reset());
        if self.file.md5.eq_ignore_ascii_case(&found) { Ok(()) } else { Err(InventoryFault::Md5) }
    }
}

//! `manifest.json`: which files an inventory has, and their columns.

use super::fault::InventoryFault;
use crate::limits::INVENTORY_COLUMNS_MAX;
use serde::Deserialize;

/// What is needed of a manifest.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) columns: Columns,
    pub(super) files: Vec<ManifestFile>,
}

/// A file as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ManifestFile {
    pub(super) key: String,
    /// Packed, bytes.
    pub(super) size: u64,
    #[serde(rename = "MD5checksum")]
    pub(super) md5: String,
}

/// Where a row's fields are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) count: usize,
    pub(super) key: usize,
    pub(super) size: usize,
    pub(super) last_modified: usize,
    /// Only where the inventory lists all versions.
    pub(super) is_latest: Option<usize>,
    pub(super) is_delete_marker: Option<usize>,
}

impl Manifest {
    /// `source_bucket`: the bucket that it must list.
    pub(super) fn parse(text: &[u8], source_bucket: &str) -> Result<Self, InventoryFault> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Text {
            source_bucket: String,
            file_format: String,
            file_schema: String,
            files: Vec<ManifestFile>,
        }
        // The parser's own message would quote the text.
        let Text { source_bucket: listed, file_format, file_schema, files } =
            serde_json::from_slice(text).map_err(|error| InventoryFault::Json {
                line: error.line(),
                column: error.column(),
            })?;
        if listed != source_bucket {
            return Err(InventoryFault::SourceBucket { expected: source_bucket.to_owned() });
        }
        if file_format != "CSV" {
            return Err(InventoryFault::Format);
        }
        Ok(Manifest { columns: Columns::parse(&file_schema)?, files })
    }
}

impl Columns {
    /// `schema`: like `Bucket, Key, Size, LastModifiedDate`.
    fn parse(schema: &str) -> Result<Self, InventoryFault> {
        let names: Vec<&str> = schema.split(',').map(str::trim).collect();
        let find = |column: &str| names.iter().position(|name| *name == column);
        let needed = |column| find(column).ok_or(InventoryFault::Column { column });
        if names.len() > INVENTORY_COLUMNS_MAX {
            return Err(InventoryFault::TooManyColumns { found: names.len() });
        }
        Ok(Columns {
            count: names.len(),
            key: needed("Key")?,
            size: needed("Size")?,
            last_modified: needed("LastModifiedDate")?,
            is_latest: find("IsLatest"),
            is_delete_marker: find("IsDeleteMarker"),
        })
    }
}

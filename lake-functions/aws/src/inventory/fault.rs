//! Why an inventory cannot be read.

use crate::limits::{INVENTORY_COLUMNS_MAX, INVENTORY_LINE_BYTES_MAX, MANIFEST_BYTES_MAX};
use sluice_pipeline::PortError;

/// Why an inventory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// S3 does not answer, or refuses.
    #[error(transparent)]
    Read(#[from] PortError),
    /// What is there is not as S3 documents it: a person must look, or wait for the next inventory.
    #[error("object {key} in bucket {bucket} is not as S3 documents an inventory")]
    Odd {
        /// Where the inventory is.
        bucket: String,
        /// The object.
        key: String,
        /// What is wrong with it.
        #[source]
        fault: InventoryFault,
    },
}

/// What is wrong with an object of an inventory. Lines count from 1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InventoryFault {
    /// It is named and is not there.
    #[error("there is no such object")]
    Absent,
    /// No manifest is so large.
    #[error("it has more than {MANIFEST_BYTES_MAX} bytes")]
    TooLarge,
    /// The manifest is another than the one the checksum was made of.
    #[error("manifest.checksum is not its MD5")]
    Checksum,
    /// The manifest is not readable.
    #[error("it is not the JSON of a manifest (line {line}, column {column})")]
    Json {
        /// Of the text.
        line: usize,
        /// Of the line.
        column: usize,
    },
    /// Sluice reads inventories in CSV.
    #[error("its fileFormat is not CSV: configure the inventory to be CSV")]
    Format,
    /// The manifest lists another bucket.
    #[error("it lists another bucket than {expected}")]
    SourceBucket {
        /// The bucket that it should list.
        expected: String,
    },
    /// The inventory has not all the fields that are needed.
    #[error("its fileSchema lacks {column}: configure the inventory to have this field")]
    Column {
        /// The field.
        column: &'static str,
    },
    /// No inventory has so many fields.
    #[error("its fileSchema has {found} fields, more than {INVENTORY_COLUMNS_MAX}")]
    TooManyColumns {
        /// How many.
        found: usize,
    },
    /// The file is another than the manifest tells.
    #[error("it does not have the {bytes} bytes that the manifest tells")]
    Size {
        /// As told.
        bytes: u64,
    },
    /// The file is another than the manifest tells.
    #[error("the manifest tells another MD5")]
    Md5,
    /// The file is broken, or cut.
    #[error("it is not whole gzip")]
    Gzip,
    /// No line of an inventory is so long.
    #[error("line {line} has more than {INVENTORY_LINE_BYTES_MAX} bytes")]
    LineTooLong {
        /// Which.
        line: u64,
    },
    /// The line does not fit the manifest's `fileSchema`.
    #[error("line {line} does not have the {expected} fields of the fileSchema")]
    Fields {
        /// Which.
        line: u64,
        /// Fields of the schema.
        expected: usize,
    },
    /// A field does not hold what it should.
    #[error("line {line} has no such {column}")]
    Value {
        /// Which.
        line: u64,
        /// The field.
        column: &'static str,
    },
}

//! S3 Inventory: what a bucket holds, listed by S3 once a day (D6), read without ever being whole in
//! memory.
//!
//! Format: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html>.
//! An inventory is complete once `manifest.checksum` is beside `manifest.json`. An object listed may
//! be gone, and one that came lately may be missing.

mod fault;
mod file;
mod manifest;
mod rows;

use crate::bucket::{Bucket, broken_off, read};
use crate::clients::Aws;
use crate::limits::{BODY_TRIES_MAX, MANIFEST_BYTES_MAX};
use crate::time::rfc3339;
use manifest::{Columns, Manifest, ManifestFile};
use md5::{Digest, Md5};

pub use fault::{InventoryError, InventoryFault};
pub use file::InventoryFile;
pub use rows::InventoryEntry;

/// The inventories of one bucket, by one inventory configuration.
#[derive(Debug, Clone)]
pub struct S3Inventory {
    bucket: Bucket,
    bucket_name: String,
    prefix: String,
    source_bucket: String,
}

/// A complete inventory.
#[derive(Debug)]
pub struct Inventory {
    /// The key of its `manifest.json`.
    pub manifest_key: String,
    columns: Columns,
    files: Vec<ManifestFile>,
}

impl Inventory {
    /// How many files list its objects.
    #[must_use]
    pub fn files(&self) -> usize {
        self.files.len()
    }
}

impl S3Inventory {
    /// The inventories in `bucket`. `prefix`: the folder that holds the folders of their dates,
    /// `<destination prefix>/<source bucket>/<configuration id>`. `source_bucket`: the bucket that
    /// they list; those of another one are refused.
    #[must_use]
    pub fn new(aws: &Aws, bucket: String, prefix: &str, source_bucket: String) -> Self {
        let prefix = prefix.trim_end_matches('/').to_owned();
        let bucket_name = bucket.clone();
        S3Inventory { bucket: Bucket::new(aws, bucket, None), bucket_name, prefix, source_bucket }
    }

    /// The newest complete inventory that was begun after `since_ms` (milliseconds since 1970 UTC,
    /// to the minute), none when there is none yet.
    ///
    /// # Errors
    /// [`InventoryError`].
    pub async fn newest(&self, since_ms: i64) -> Result<Option<Inventory>, InventoryError> {
        let folder = format!("{}/", self.prefix);
        let mut dates = self.bucket.folders(&folder, &date(since_ms)).await?;
        dates.retain(|name| is_date(name));
        dates.sort();
        for date in dates.iter().rev() {
            let manifest_key = format!("{folder}{date}/manifest.json");
            let checksum_key = format!("{folder}{date}/manifest.checksum");
            // Written last: without it the inventory is still being written.
            let Some(checksum) = self.small(&checksum_key).await? else { continue };
            let Some(text) = self.small(&manifest_key).await? else {
                return Err(self.odd(&manifest_key, InventoryFault::Absent));
            };
            if !checksum.trim_ascii().eq_ignore_ascii_case(hex(&Md5::digest(&text)).as_bytes()) {
                return Err(self.odd(&manifest_key, InventoryFault::Checksum));
            }
            let Manifest { columns, files } = Manifest::parse(&text, &self.source_bucket)
                .map_err(|fault| self.odd(&manifest_key, fault))?;
            return Ok(Some(Inventory { manifest_key, columns, files }));
        }
        Ok(None)
    }

    /// A file of an inventory, its first `rows` passed over. None past the last file.
    #[must_use]
    pub fn file(&self, inventory: &Inventory, number: usize, rows: u64) -> Option<InventoryFile> {
        let file = inventory.files.get(number)?.clone();
        Some(InventoryFile::new(self.clone(), file, &inventory.columns, rows))
    }

    /// An object of bounded size, none when there is none.
    async fn small(&self, key: &str) -> Result<Option<Vec<u8>>, InventoryError> {
        let mut tries = 0;
        loop {
            let Some(object) = self.bucket.open(key).await? else { return Ok(None) };
            tries += 1;
            match read(object.body, MANIFEST_BYTES_MAX).await {
                Ok(bytes) if bytes.len() > MANIFEST_BYTES_MAX => {
                    return Err(self.odd(key, InventoryFault::TooLarge));
                }
                Ok(bytes) => return Ok(Some(bytes)),
                Err(error) if tries >= BODY_TRIES_MAX => return Err(broken_off(key, error).into()),
                Err(_) => {}
            }
        }
    }

    fn odd(&self, key: &str, fault: InventoryFault) -> InventoryError {
        InventoryError::Odd { bucket: self.bucket_name.clone(), key: key.to_owned(), fault }
    }
}

/// `2016-11-06T21-32Z`, as S3 names the folder of an inventory.
fn date(ms: i64) -> String {
    let minutes = rfc3339(ms.max(0)).get(..16).unwrap_or_default().replace(':', "-");
    format!("{minutes}Z")
}

/// Beside the dates there are `data/` and `hive/`.
fn is_date(name: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00-00Z";
    let fits =
        |(b, shape): (u8, &u8)| if *shape == b'0' { b.is_ascii_digit() } else { b == *shape };
    name.len() == SHAPE.len() && name.bytes().zip(SHAPE).all(fits)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{date, is_date};

    #[test]
    fn folders_of_dates_are_told_from_others() {
        assert_eq!(date(1_478_467_920_000), "2016-11-06T21-32Z");
        assert!(is_date(&date(-5)));
        for other in ["data", "hive", "2016-11-06T21-32", "2016-11-06T21:32Z", ""] {
            assert!(!is_date(other), "{other}");
        }
    }
}

//! How far the sweep is. One item, which never expires.

use super::DynamoLedger;
use super::fault::{Damage, Fault};
use super::item::{Key, number, number_of, text, text_of};
use aws_sdk_dynamodb::types::AttributeValue;
use sluice_pipeline::PortError;

const MANIFEST: &str = "manifest";
const DAYS: &str = "days";
const FILE: &str = "file";
const ROW: &str = "row";
const DONE: &str = "done";

/// How far the sweep is in an inventory. Sweeps that overlap overwrite each other's; that costs looks
/// at the same documents, and no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepCursor {
    /// The key of the inventory's manifest.
    pub manifest: String,
    /// How many days back documents are swept.
    pub days: u32,
    /// The number of the file in the manifest.
    pub file: u64,
    /// Rows of the file that are done with.
    pub row: u64,
    /// Whether all files are.
    pub done: bool,
}

impl DynamoLedger {
    /// How far the sweep is, none when there was none.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn sweep_cursor(&self) -> Result<Option<SweepCursor>, PortError> {
        let found = self.find_cursor().await;
        found.map_err(|fault| self.failed(fault, "read how far the sweep is"))
    }

    /// Keeps how far the sweep is, over what was kept before.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn keep_sweep_cursor(&self, cursor: &SweepCursor) -> Result<(), PortError> {
        let kept = self.put_cursor(cursor).await;
        kept.map_err(|fault| self.failed(fault, "keep how far the sweep is"))
    }

    async fn find_cursor(&self) -> Result<Option<SweepCursor>, Fault> {
        let Some(item) = self.read(Key::sweep_cursor()).await? else { return Ok(None) };
        let Some(AttributeValue::Bool(done)) = item.get(DONE) else {
            return Err(Damage::Attribute { attribute: DONE }.into());
        };
        Ok(Some(SweepCursor {
            manifest: text_of(&item, MANIFEST)?.to_owned(),
            days: number_of(&item, DAYS)?,
            file: number_of(&item, FILE)?,
            row: number_of(&item, ROW)?,
            done: *done,
        }))
    }

    async fn put_cursor(&self, cursor: &SweepCursor) -> Result<(), Fault> {
        let mut item = Key::sweep_cursor().item();
        item.extend([
            (MANIFEST.to_owned(), text(&cursor.manifest)),
            (DAYS.to_owned(), number(cursor.days)),
            (FILE.to_owned(), number(cursor.file)),
            (ROW.to_owned(), number(cursor.row)),
            (DONE.to_owned(), AttributeValue::Bool(cursor.done)),
        ]);
        self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await?;
        Ok(())
    }
}

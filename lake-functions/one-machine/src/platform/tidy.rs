//! Keeps the lake tidy: merges small parts, and deletes files that nobody reads any more.

use super::background::Shared;
use super::events::Event;
use super::index::Owner;
use super::wake::Woken;
use crate::merge::{MergeError, merge, pick};
use crate::snapshot::Part;
use crate::store::Replaced;
use futures::executor::block_on;
use sha2::{Digest, Sha256};
use sluice_normalizer::{REJECTS_TABLE, athena};
use sluice_pipeline::{ContentHash, PlannedPart, PortError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often to look for files that can go while some are held by readers.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Retired parts, whose files go once no snapshot holds them.
#[derive(Debug, Default)]
pub(super) struct Tidy {
    retired: Mutex<Vec<Arc<Part>>>,
}

#[derive(Debug, thiserror::Error)]
enum TidyError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error(transparent)]
    Lake(#[from] crate::lake_folder::LakeError),
}

impl Tidy {
    /// Has the files of these parts deleted once nobody holds them.
    pub(super) fn retire(&self, parts: Vec<Arc<Part>>) {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner).extend(parts);
    }

    /// Parts that nobody else holds.
    fn free(&self) -> Vec<Arc<Part>> {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        let (free, held) = retired.drain(..).partition(|part| Arc::strong_count(part) == 1);
        *retired = held;
        free
    }
}

impl Shared {
    pub(super) fn merge_parts(&self) {
        let mut heard = 0;
        while self.committed.wait(&mut heard, LOOK_AGAIN) != Woken::Stop {
            // Commits come in crowds; one look serves them all.
            if self.committed.pause(self.linger) {
                return;
            }
            let done = self.merge_some().and_then(|()| self.delete_free());
            if let Err(error) = done {
                self.events.tell(&Event::Failed { what: "tidy the lake", error: &error });
                if self.committed.pause(LOOK_AGAIN) {
                    return;
                }
            }
        }
    }

    fn merge_some(&self) -> Result<(), TidyError> {
        for (owner, parts) in self.indexed.index.lists() {
            // One of each list: the list has changed then, and the next round sees the new one.
            if let Some(picked) = pick(&parts) {
                self.merge_into_one(&owner, &picked)?;
            }
            if self.committed.stopped() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn merge_into_one(&self, owner: &Owner, picked: &[Arc<Part>]) -> Result<(), TidyError> {
        let registry = self.indexed.index.registry(&owner.root, owner.generation);
        let tables = registry.iter().flat_map(|registry| &registry.tables);
        let merged = match tables.into_iter().find(|table| table.name == owner.table) {
            Some(table) => {
                let columns = athena::physical_columns(table).map(|(name, _)| name);
                merge(&self.lake, picked, columns)?
            }
            None if owner.table == REJECTS_TABLE => {
                merge(&self.lake, picked, athena::reject_columns().map(|(name, _)| name))?
            }
            // Parts of a table that the registry shown does not know yet.
            None => return Ok(()),
        };
        let part = PlannedPart {
            table: owner.table.clone(),
            key: merged_key(picked),
            rows: merged.rows,
            bytes: merged.content.len() as u64,
            sha256: ContentHash::sha256(&merged.content),
        };
        self.lake.write_part(&part.key, &merged.content)?;
        let keys: Vec<String> = picked.iter().map(|part| part.key.clone()).collect();
        match block_on(self.store().replace_parts(&keys, &part))? {
            Replaced::Done(stored) => {
                let gone = self.indexed.index.replace(owner, &keys, Some(stored.part));
                self.tidy.retire(gone);
                self.counters.add(|sums| sums.parts_merged += keys.len() as u64);
                let (table, rows) = (&owner.table, merged.rows);
                self.events.tell(&Event::Merged { table, parts: keys.len(), rows });
                Ok(())
            }
            // Retention was quicker.
            Replaced::Gone => Ok(self.lake.remove_part(&part.key)?),
        }
    }

    fn delete_free(&self) -> Result<(), TidyError> {
        let free = self.tidy.free();
        if free.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = free.iter().map(|part| part.key.clone()).collect();
        for key in &keys {
            self.lake.remove_part(key)?;
        }
        Ok(block_on(self.store().forget_parts(&keys))?)
    }
}

/// The merged part's key: beside its sources, named after them.
fn merged_key(parts: &[Arc<Part>]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.key.as_bytes());
        hash.update([0]);
    }
    let folder = parts.first().and_then(|part| part.key.rsplit_once('/')).map_or("", |(f, _)| f);
    let mut name = String::from("merged-");
    for byte in &hash.finalize()[..16] {
        name.push_str(&format!("{byte:02x}"));
    }
    format!("{folder}/{name}.parquet")
}

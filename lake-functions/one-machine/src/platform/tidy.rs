//! Keeps the lake tidy: merges small parts, and deletes files that nobody reads any more.
//!
//! Nothing here is needed for an answer to be right, so nothing here stops for a failure: it is told,
//! what failed is left alone for a while, and the rest goes on. Deleting comes first. On a full disk
//! it is what makes room.

use super::background::{Panicked, Shared};
use super::events::Event;
use super::index::Owner;
use super::pauses::Pauses;
use super::wake::Woken;
use crate::lake_folder::LakeError;
use crate::merge::{MergeError, merge, pick};
use crate::snapshot::Part;
use crate::store::{MERGED_PREFIX, Replaced};
use futures::executor::block_on;
use sha2::{Digest, Sha256};
use sluice_normalizer::{REJECTS_TABLE, athena};
use sluice_pipeline::{ContentHash, PlannedPart, PortError};
use std::collections::BTreeSet;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often to look for files that can go while some are held by readers.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The longest pause after the disk or the store refused.
const REFUSED_MAX: Duration = Duration::from_secs(5 * 60);

/// The first and the longest pause of a part that cannot be merged: it seldom mends.
const UNFIT_FIRST: Duration = Duration::from_secs(60);
const UNFIT_MAX: Duration = Duration::from_secs(60 * 60);

/// Retired parts, whose files go once no snapshot holds them.
#[derive(Debug, Default)]
pub(super) struct Tidy {
    retired: Mutex<Vec<Arc<Part>>>,
}

/// Why parts were not merged.
#[derive(Debug, thiserror::Error)]
enum TidyError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

impl Tidy {
    /// Has the files of these parts deleted once nobody holds them.
    pub(super) fn retire(&self, parts: Vec<Arc<Part>>) {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner).extend(parts);
    }

    /// Takes the parts out that nobody else holds, but for those to be left alone.
    fn free(&self, left_alone: impl Fn(&Part) -> bool) -> Vec<Arc<Part>> {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = |part: &Arc<Part>| Arc::strong_count(part) == 1 && !left_alone(part);
        let (free, held) = retired.drain(..).partition(is_free);
        *retired = held;
        free
    }
}

impl Shared {
    pub(super) fn merge_parts(&self) {
        // Before the first merge: a merged file that the store does not know yet is none of this
        // process then.
        self.guarded("sweep the lake", || self.sweep());
        let mut merger = Merger::new(self);
        let mut heard = 0;
        while self.committed.wait(&mut heard, LOOK_AGAIN) != Woken::Stop {
            // Commits come in crowds; one look serves them all.
            if self.committed.pause(self.linger) {
                return;
            }
            self.guarded("tidy the lake", || merger.round(Instant::now()));
        }
    }

    /// Readers see either the old parts or the new one, in memory as in the store: retention, a
    /// commit or a switch comes before or after, never between.
    async fn put_in_place(
        &self,
        owner: &Owner,
        keys: &[String],
        part: &PlannedPart,
    ) -> Result<Option<Vec<Arc<Part>>>, PortError> {
        let _ahead = self.indexed.ahead().await;
        Ok(match self.store().replace_parts(keys, part).await? {
            Replaced::Done(stored) => {
                Some(self.indexed.index.replace(owner, keys, Some(stored.part)))
            }
            Replaced::Gone => None,
        })
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
        // If this fails the file stays: a change that failed can still come up after a crash of the
        // machine. The next start knows.
        let Some(gone) = block_on(self.put_in_place(owner, &keys, &part))? else {
            // Retention was quicker.
            return Ok(self.lake.remove_part(&part.key)?);
        };
        self.tidy.retire(gone);
        self.counters.add(|sums| sums.parts_merged += keys.len() as u64);
        let (table, rows) = (&owner.table, merged.rows);
        self.events.tell(&Event::Merged { table, parts: keys.len(), rows });
        Ok(())
    }
}

/// What the merger remembers from round to round.
struct Merger<'s> {
    shared: &'s Shared,
    /// Parts that cannot be merged.
    unfit: Pauses<String>,
    /// Lists of parts whose merged part could not be kept.
    refused: Pauses<Owner>,
    /// Retired parts that could not be deleted or forgotten.
    undeletable: Pauses<String>,
}

impl<'s> Merger<'s> {
    fn new(shared: &'s Shared) -> Self {
        Merger {
            shared,
            unfit: Pauses::new(UNFIT_FIRST, UNFIT_MAX),
            refused: Pauses::new(LOOK_AGAIN, REFUSED_MAX),
            undeletable: Pauses::new(LOOK_AGAIN, REFUSED_MAX),
        }
    }

    fn round(&mut self, now: Instant) {
        self.delete_free(now);
        self.merge_some(now);
        // What was merged away.
        self.delete_free(now);
    }

    fn delete_free(&mut self, now: Instant) {
        let tidy = &self.shared.tidy;
        let free = tidy.free(|part| self.undeletable.holds(part.key.as_str(), now));
        let mut failure: Option<LakeError> = None;
        let (mut gone, mut stay) = (Vec::new(), Vec::new());
        for part in free {
            match self.shared.lake.remove_part(&part.key) {
                Ok(()) => gone.push(part),
                Err(error) => {
                    stay.push(part);
                    failure.get_or_insert(error);
                }
            }
        }
        if let Some(error) = failure {
            self.tell_undeleted(&error);
        }
        if !gone.is_empty() {
            let keys: Vec<String> = gone.iter().map(|part| part.key.clone()).collect();
            match block_on(self.shared.store().forget_parts(&keys)) {
                Ok(()) => keys.iter().for_each(|key| self.undeletable.ended(key)),
                // Deleting what is gone succeeds: it comes again with the rest.
                Err(error) => {
                    stay.append(&mut gone);
                    self.tell_undeleted(&error);
                }
            }
        }
        for part in &stay {
            self.undeletable.failed(part.key.clone(), now);
        }
        self.shared.tidy.retire(stay);
    }

    /// Once a round, however many parts it is about.
    fn tell_undeleted(&self, error: &(dyn Error + 'static)) {
        self.shared.tell_failed("delete parts that nobody reads", error);
    }

    fn merge_some(&mut self, now: Instant) {
        let lists = self.shared.indexed.index.lists();
        self.forget_gone(&lists);
        for (owner, parts) in lists {
            if self.shared.committed.stopped() {
                return;
            }
            if self.refused.holds(&owner, now) {
                continue;
            }
            // One of each list: the list has changed then, and the next round sees the new one.
            let picked =
                if self.unfit.is_empty() { pick(&parts) } else { self.pick_fit(&parts, now) };
            let Some(picked) = picked else {
                continue;
            };
            // Parquet files are read here, and one that is damaged may be read in ways that nobody
            // thought of.
            let merge = || self.shared.merge_into_one(&owner, &picked);
            let merged = catch_unwind(AssertUnwindSafe(merge)).unwrap_or(Err(Panicked.into()));
            match merged {
                Ok(()) => {
                    self.refused.ended(&owner);
                    picked.iter().for_each(|part| self.unfit.ended(&part.key));
                }
                Err(error) => {
                    self.shared.tell_failed("merge parts", &error);
                    self.leave_alone(owner, &picked, &error, now);
                }
            }
        }
    }

    fn pick_fit(&self, parts: &[Arc<Part>], now: Instant) -> Option<Vec<Arc<Part>>> {
        let fit = parts.iter().filter(|part| !self.unfit.holds(part.key.as_str(), now));
        pick(&fit.cloned().collect::<Vec<_>>())
    }

    fn leave_alone(&mut self, owner: Owner, picked: &[Arc<Part>], why: &TidyError, now: Instant) {
        match why {
            TidyError::Port(_) | TidyError::Lake(_) => self.refused.failed(owner, now),
            TidyError::Merge(error) if let Some(key) = error.part() => {
                self.unfit.failed(key.to_owned(), now);
            }
            // It may be any of them.
            TidyError::Merge(_) | TidyError::Panicked(_) => {
                picked.iter().for_each(|part| self.unfit.failed(part.key.clone(), now));
            }
        }
    }

    fn forget_gone(&mut self, lists: &[(Owner, Arc<Vec<Arc<Part>>>)]) {
        if !self.refused.is_empty() {
            let owners: BTreeSet<&Owner> = lists.iter().map(|(owner, _)| owner).collect();
            self.refused.keep(|owner| owners.contains(owner));
        }
        if !self.unfit.is_empty() {
            let parts = lists.iter().flat_map(|(_, parts)| parts.iter());
            let keys: BTreeSet<&str> = parts.map(|part| part.key.as_str()).collect();
            self.unfit.keep(|key| keys.contains(key.as_str()));
        }
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
    let mut name = String::from(MERGED_PREFIX);
    for byte in &hash.finalize()[..16] {
        name.push_str(&format!("{byte:02x}"));
    }
    format!("{folder}/{name}.parquet")
}

#[cfg(test)]
mod tests {
    use super::{Owner, merged_key};
    use crate::lake_folder::LakeFolder;
    use crate::platform::adapters::IndexedStore;
    use crate::platform::background::Shared;
    use crate::platform::events::EventSink;
    use crate::platform::settings_file::SettingsFile;
    use crate::store::{Clock, Store, StoreOptions};
    use futures::FutureExt;
    use futures::executor::block_on;
    use sluice_normalizer::{DocumentId, Encoding, Form, TableName};
    use sluice_pipeline::{
        Batch, BatchMessage, ContentHash, DocumentHead, IngressStore, Ledger, PlannedPart,
        SettingsInForce, StoredDocument,
    };
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    /// A platform without threads.
    fn still(folder: &Path) -> Shared {
        let options = StoreOptions::new(Clock::new(|| 1_795_132_800_000));
        let store = Store::open(&folder.join("sluice.db"), options).expect("open");
        Shared::new(
            IndexedStore::new(store, Arc::default()),
            LakeFolder::at(folder.join("lake")),
            SettingsInForce::parse(String::new()).expect("no settings"),
            SettingsFile::new(None),
            Duration::ZERO,
            EventSink::none(),
        )
    }

    fn commit(shared: &Shared, id: &str) {
        let table = TableName::parse("orders").expect("a table name");
        let id = DocumentId::parse(id).expect("an id");
        let head = DocumentHead {
            id: id.clone(),
            table: table.clone(),
            received_at_ms: 1_795_132_800_000,
            principal: None,
            form: Form::Json,
            encoding: Encoding::Identity,
            bytes: 7,
            fault: None,
        };
        let batch = Batch::new(table.clone(), 1, vec![id]);
        let message = BatchMessage { table, batch: batch.id.clone(), send: 0 };
        block_on(async {
            let body = br#"{"n":1}"#.to_vec();
            shared.store().put(StoredDocument { head, body }).await.expect("put");
            shared.store().create_batch(&batch).await.expect("create");
            let normalizer = shared.normalizer();
            normalizer.normalize(&message, 1, &shared.settings()).await.expect("normalize");
        });
    }

    #[test]
    fn the_store_is_never_ahead_of_what_readers_see_while_somebody_looks() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let shared = still(folder.path());
        for id in ["a", "b"] {
            commit(&shared, id);
        }
        let (owner, parts) = shared.indexed.index.lists().remove(0);
        let keys: Vec<String> = parts.iter().map(|part| part.key.clone()).collect();
        let merged = PlannedPart {
            table: owner.table.clone(),
            key: merged_key(&parts),
            rows: 2,
            bytes: 1,
            sha256: ContentHash::sha256(b"x"),
        };
        drop(parts);
        let retired = || {
            // The writer does one thing after the other: what was begun before this is done then.
            block_on(shared.store().forget_parts(&[])).expect("a change");
            block_on(shared.store().retired_parts()).expect("list").len()
        };
        let exchange = |owner: &Owner| shared.put_in_place(owner, &keys, &merged).now_or_never();
        // Retention, say, is between its two changes.
        let ahead = block_on(shared.indexed.ahead());
        assert!(exchange(&owner).is_none());
        assert_eq!(retired(), 0, "the merger waits");
        drop(ahead);
        let gone = block_on(shared.put_in_place(&owner, &keys, &merged)).expect("exchange");
        assert_eq!(gone.map(|gone| gone.len()), Some(2));
        assert_eq!(retired(), 2);
        let lists = shared.indexed.index.lists();
        assert!(lists[0].1.iter().map(|part| &part.key).eq([&merged.key]));
    }
}

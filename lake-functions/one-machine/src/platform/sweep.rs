//! Sweeps the lake after a start: a crash leaves files that are no parts, and nothing else would
//! ever remove them.
//!
//! Deleted is only what is known to be useless: see [`Store::leftovers`] for files of parts, and
//! temporary files of names that a writer here gives. Registry versions, plans, settings and whatever
//! else lies in the folder stay.
//!
//! [`Store::leftovers`]: crate::store::Store::leftovers

use super::background::Shared;
use super::events::Event;
use crate::durable;
use crate::lake_folder::{LakeError, LakeFolder};
use crate::store::MERGED_PREFIX;
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_pipeline::PortError;
use std::collections::BTreeMap;

/// Why something was not swept.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Shared {
    /// Walks the lake once. What fails is told and left for the next start.
    pub(super) fn sweep(&self) {
        let mut sweep =
            Sweep { shared: self, generations: BTreeMap::new(), deleted: 0, failure: None };
        sweep.generations = sweep.kept(self.store().load_generations()).unwrap_or_default();
        sweep.lake();
        if let Some(error) = sweep.failure {
            self.tell_failed("sweep the lake", &error);
        }
        if sweep.deleted > 0 {
            self.events.tell(&Event::Swept { files: sweep.deleted });
        }
    }
}

struct Sweep<'s> {
    shared: &'s Shared,
    /// The current ones.
    generations: BTreeMap<TableName, u32>,
    deleted: u64,
    /// The first one: what keeps one folder from being swept mostly keeps them all.
    failure: Option<SweepError>,
}

impl Sweep<'_> {
    fn lake(&mut self) {
        for top in self.folders("") {
            match top.as_str() {
                LakeFolder::SETTINGS => drop(self.temporaries(&top)),
                LakeFolder::REGISTRY | LakeFolder::PLANS => {
                    for table in self.folders(&top) {
                        for generation in self.folders(&table) {
                            self.temporaries(&generation);
                        }
                    }
                }
                table if table.starts_with(['_', '.']) => {}
                table => self.table(table),
            }
        }
    }

    fn table(&mut self, table: &str) {
        let root = table.split("__").next().and_then(|root| TableName::parse(root).ok());
        let current = root.and_then(|root| self.generations.get(&root).copied());
        for generation in self.folders(table) {
            let Some(number) = last_step(&generation).strip_prefix('g') else {
                continue;
            };
            // Nobody writes to an earlier generation any more, so that its folders can go too.
            let number: Option<u32> = number.parse().ok();
            let is_over = number.zip(current).is_some_and(|(number, current)| number < current);
            for tier in self.folders(&generation) {
                for day in self.folders(&tier) {
                    if self.shared.committed.stopped() {
                        return;
                    }
                    self.parts(&day);
                    if is_over {
                        self.shared.lake.remove_empty_folder(&day);
                    }
                }
                if is_over {
                    self.shared.lake.remove_empty_folder(&tier);
                }
            }
            if is_over {
                self.shared.lake.remove_empty_folder(&generation);
            }
        }
    }

    /// A folder of parts.
    fn parts(&mut self, folder: &str) {
        let Some(names) = self.temporaries(folder) else {
            return;
        };
        let leftovers = block_on(self.shared.store().leftovers(folder, names));
        for name in self.kept(leftovers).into_iter().flatten() {
            let deleted = self.shared.lake.remove_part(&format!("{folder}/{name}"));
            self.count(deleted);
        }
    }

    /// Answers the other names in the folder; none where it cannot be listed.
    fn temporaries(&mut self, folder: &str) -> Option<Vec<String>> {
        let mut names = self.kept(self.shared.lake.files_in(folder))?;
        names.retain(|name| {
            let ours = durable::final_name(name).filter(|name| is_ours(name));
            if let Some(name) = &ours {
                let deleted = self.shared.lake.remove_temporary(&format!("{folder}/{name}"));
                self.count(deleted);
            }
            ours.is_none()
        });
        Some(names)
    }

    fn folders(&mut self, folder: &str) -> Vec<String> {
        let names = self.kept(self.shared.lake.folders_in(folder)).unwrap_or_default();
        let below = |name| if folder.is_empty() { name } else { format!("{folder}/{name}") };
        names.into_iter().map(below).collect()
    }

    fn count(&mut self, deleted: Result<(), LakeError>) {
        self.deleted += u64::from(self.kept(deleted).is_some());
    }

    /// The value, or none after a failure, which is kept to be told.
    fn kept<T, E: Into<SweepError>>(&mut self, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.failure.get_or_insert(error.into());
                None
            }
        }
    }
}

fn last_step(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

/// Whether a writer here gives such a name: an id, a hash or a version, and what kind of file it is.
fn is_ours(name: &str) -> bool {
    let Some((stem, "parquet" | "json" | "yaml")) = name.rsplit_once('.') else {
        return false;
    };
    let id = stem.strip_prefix(MERGED_PREFIX).unwrap_or(stem);
    !id.is_empty() && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

//! Opens a data folder: its lock, its store, its lake, and what readers see of it.

use super::adapters::IndexedStore;
use super::background::Shared;
use super::events::{Event, EventSink};
use super::index::LakeIndex;
use super::settings_file::SettingsFile;
use super::{PlatformOptions, now_ms};
use crate::lake_folder::{FolderLock, LakeError, LakeFolder, process};
use crate::snapshot::Part;
use crate::store::{Clock, STORE_FORMAT, Store, StoreError, StoreOptions};
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_pipeline::{Catalog, PortError};
use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The lake's folder in the data folder.
const LAKE_FOLDER: &str = "lake";

/// The store's file in the data folder.
const STORE_FILE: &str = "sluice.db";

/// Why a platform cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works in this folder, or in the lake in it.
    #[error("another process holds {}{}", folder.display(), process(*holder))]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The holder's process id, where it can be told.
        holder: Option<u32>,
    },
    /// The folder was written by a newer Sluice.
    #[error(
        "{} has format {found}, and this build knows formats up to {known}",
        folder.display()
    )]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// Its format.
        found: i64,
        /// The newest this build knows.
        known: i64,
    },
    /// What is stored cannot be used.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The lake cannot be used.
    #[error(transparent)]
    Lake(LakeError),
    /// The store or a thread could not be started.
    #[error("start the platform in {}", folder.display())]
    Start {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The right to the data folder, and to the lake in it, which others can write to by itself
/// (`sluice normalize`).
pub(super) type Locks = [FolderLock; 2];

pub(super) fn open(options: PlatformOptions) -> Result<(Arc<Shared>, Locks), OpenError> {
    let folder = &options.data;
    let lake = LakeFolder::at(folder.join(LAKE_FOLDER));
    let locks = [lock(&LakeFolder::at(folder))?, lock(&lake)?];
    let clock = StoreOptions::new(Clock::new(now_ms));
    let store = Store::open(&folder.join(STORE_FILE), clock).map_err(|error| match error {
        StoreError::Newer { found } => {
            OpenError::Newer { folder: folder.clone(), found, known: STORE_FORMAT }
        }
        StoreError::Port(error) => OpenError::Port(error),
        StoreError::Start(source) => OpenError::Start { folder: folder.clone(), source },
    })?;
    let index = Arc::new(LakeIndex::default());
    load(&store, &lake, &index, &options.events)?;
    delete_retired(&store, &lake, &options.events)?;
    // A restart is how a person says that the cause is mended.
    block_on(store.redrive_set_aside())?;

    let indexed = IndexedStore::new(store, index);
    let settings_file = SettingsFile::new(options.settings_file);
    let (settings, linger) = (options.settings, options.linger);
    let shared = Shared::new(indexed, lake, settings, settings_file, linger, options.events);
    let shared = Arc::new(shared);
    shared.start().map_err(|source| OpenError::Start { folder: folder.clone(), source })?;
    Ok((shared, locks))
}

fn lock(folder: &LakeFolder) -> Result<FolderLock, OpenError> {
    folder.lock().map_err(|error| match error {
        LakeError::Locked { folder, holder } => OpenError::Held { folder, holder },
        error => OpenError::Lake(error),
    })
}

/// Brings the index up to what is committed and shown.
fn load(
    store: &Store,
    lake: &LakeFolder,
    index: &LakeIndex,
    events: &EventSink,
) -> Result<(), OpenError> {
    for (table, current) in store.load_generations()? {
        if let Some(shown) = block_on(store.shown(&table, current))? {
            match lake.registry(&table, current, shown.version) {
                Ok(registry) => index.show(&registry),
                // The other tables are not to suffer for it. SQL does not know this one until its
                // registry is mended, and its batches are set aside.
                Err(error) => {
                    events.tell(&Event::Failed { what: "show a table", error: &error });
                }
            }
        }
        // A rebuild that the last process did not end starts over.
        block_on(store.retire_other_generations(&table, None))?;
        index.switch(table.as_str(), current);
    }
    let mut parts: BTreeMap<(TableName, u32), Vec<(String, Part)>> = BTreeMap::new();
    store.load_parts(&mut |part| {
        let generation = parts.entry((part.root, part.generation)).or_default();
        generation.push((part.table, part.part));
    })?;
    for ((root, generation), parts) in parts {
        index.add(root.as_str(), generation, parts);
    }
    Ok(())
}

/// No reader of an earlier process is left. What cannot be deleted stays retired: the next start
/// tries again.
fn delete_retired(store: &Store, lake: &LakeFolder, events: &EventSink) -> Result<(), OpenError> {
    let tell = |error: &(dyn Error + 'static)| {
        events.tell(&Event::Failed { what: "delete parts that nobody reads", error });
    };
    let mut keys = block_on(store.retired_parts())?;
    keys.retain(|key| lake.remove_part(key).inspect_err(|error| tell(error)).is_ok());
    if !keys.is_empty()
        && let Err(error) = block_on(store.forget_parts(&keys))
    {
        tell(&error);
    }
    Ok(())
}

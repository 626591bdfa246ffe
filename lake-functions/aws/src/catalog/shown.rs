//! What this process knows to be shown: Glue's calls cost money and time, and most batches change
//! nothing.

use super::definition::Definition;
use super::limits::REMEMBERED_MAX;
use sluice_normalizer::Registry;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Remembered for as long as the process lives, which is safe: what is shown only goes up.
#[derive(Debug, Default)]
pub(super) struct ShownHere(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    /// By root table and generation, the highest registry version that was shown.
    versions: HashMap<(String, u32), u64>,
    /// By database and name, the digest of what was last written or found further.
    digests: HashMap<(&'static str, String), String>,
    rejects: bool,
}

impl ShownHere {
    /// Whether the registry is shown, or a later version of it.
    pub(super) fn covers(&self, registry: &Registry) -> bool {
        let key = (registry.table.clone(), registry.generation);
        let remembered = self.locked();
        remembered.versions.get(&key).is_some_and(|version| *version >= registry.version)
    }

    pub(super) fn learn_version(&self, registry: &Registry) {
        let mut remembered = self.locked();
        if remembered.versions.len() >= REMEMBERED_MAX {
            remembered.versions.clear();
        }
        let key = (registry.table.clone(), registry.generation);
        let version = remembered.versions.entry(key).or_default();
        *version = registry.version.max(*version);
    }

    pub(super) fn knows(&self, definition: &Definition) -> bool {
        let key = (definition.database, definition.name.clone());
        self.locked().digests.get(&key) == Some(&definition.marks.digest)
    }

    pub(super) fn learn(&self, definition: &Definition) {
        let mut remembered = self.locked();
        if remembered.digests.len() >= REMEMBERED_MAX {
            remembered.digests.clear();
        }
        let key = (definition.database, definition.name.clone());
        remembered.digests.insert(key, definition.marks.digest.clone());
    }

    pub(super) fn rejects(&self) -> bool {
        self.locked().rejects
    }

    pub(super) fn learn_rejects(&self) {
        self.locked().rejects = true;
    }

    fn locked(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

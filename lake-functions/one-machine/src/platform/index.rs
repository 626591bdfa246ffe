//! The committed lake in memory: what the next query sees.

use crate::snapshot::{Part, Snapshot, TableSnapshot};
use sluice_normalizer::{REJECTS_TABLE, Registry, TableSchema};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Registries and parts of every generation that is not forgotten; the snapshot holds the current
/// ones. Kept in step with the store by whoever commits.
#[derive(Debug, Default)]
pub(crate) struct LakeIndex {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By root table and generation.
    generations: BTreeMap<(String, u32), Generation>,
    /// Of root tables that are past generation 1.
    current: BTreeMap<String, u32>,
    snapshot: Arc<Snapshot>,
}

#[derive(Debug, Default)]
struct Generation {
    registry: Option<Arc<Registry>>,
    /// By physical table, `sluice_rejects` among them.
    parts: BTreeMap<String, Arc<Vec<Arc<Part>>>>,
}

/// Which parts of which table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Owner {
    /// The root table.
    pub(crate) root: String,
    pub(crate) generation: u32,
    /// The physical table.
    pub(crate) table: String,
}

/// Schema and parts of one generation at one moment.
#[derive(Debug, Default)]
pub(crate) struct GenerationView {
    registry: Option<Arc<Registry>>,
    parts: BTreeMap<String, Arc<Vec<Arc<Part>>>>,
}

impl GenerationView {
    /// Its physical tables, rejects not among them.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &str> {
        self.registry.iter().flat_map(|registry| &registry.tables).map(|table| table.name.as_str())
    }

    pub(crate) fn table(&self, name: &str) -> Option<&TableSchema> {
        let mut tables = self.registry.iter().flat_map(|registry| &registry.tables);
        tables.find(|table| table.name == name)
    }

    /// Rows of a physical table.
    pub(crate) fn rows(&self, table: &str) -> u64 {
        self.parts.get(table).map_or(0, |parts| parts.iter().map(|part| part.rows).sum())
    }
}

impl LakeIndex {
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner).snapshot)
    }

    /// Shows a registry version unless a higher one is shown.
    pub(crate) fn show(&self, registry: &Registry) {
        // The empty version too: a table of nothing but rejects can be asked for.
        let newer = |known: &Registry| registry.version > known.version;
        let known = self.registry(&registry.table, registry.generation);
        if !known.as_deref().is_none_or(newer) {
            return;
        }
        let registry = Arc::new(registry.clone());
        self.change(&registry.table.clone(), registry.generation, |generation| {
            if generation.registry.as_deref().is_none_or(|known| registry.version > known.version) {
                generation.registry = Some(registry);
            }
        });
    }

    /// Adds new parts to one root table's generation, by physical table.
    pub(crate) fn add(&self, root: &str, generation: u32, parts: Vec<(String, Part)>) {
        self.change(root, generation, |generation| {
            for (table, part) in parts {
                let list = generation.parts.entry(table).or_default();
                debug_assert!(list.iter().all(|known| known.key != part.key), "{}", part.key);
                Arc::make_mut(list).push(Arc::new(part));
            }
        });
    }

    /// Puts one part in the place of others, and gives those back: their files may go once nobody
    /// else holds them.
    pub(crate) fn replace(
        &self,
        owner: &Owner,
        keys: &[String],
        part: Option<Part>,
    ) -> Vec<Arc<Part>> {
        let mut gone = Vec::new();
        self.change(&owner.root, owner.generation, |generation| {
            let list = Arc::make_mut(generation.parts.entry(owner.table.clone()).or_default());
            list.retain(|known| {
                let goes = keys.contains(&known.key);
                if goes {
                    gone.push(Arc::clone(known));
                }
                !goes
            });
            list.extend(part.map(Arc::new));
        });
        gone
    }

    /// Makes a generation the one that is seen.
    pub(crate) fn switch(&self, root: &str, to: u32) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.current.insert(root.to_owned(), to);
        state.refresh(root);
        if state.snapshot.rejects.is_empty() {
            return;
        }
        let rejects = Arc::new(state.rejects());
        state.snapshot = Arc::new(Snapshot { rejects, ..(*state.snapshot).clone() });
    }

    /// The lists of parts of all generations.
    pub(crate) fn lists(&self) -> Vec<(Owner, Arc<Vec<Arc<Part>>>)> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let lists = state.generations.iter().flat_map(|((root, number), generation)| {
            generation.parts.iter().map(move |(table, parts)| {
                let (root, table) = (root.clone(), table.clone());
                (Owner { root, generation: *number, table }, Arc::clone(parts))
            })
        });
        lists.collect()
    }

    /// Takes parts of a root table away from its readers, and gives those back.
    pub(crate) fn remove(&self, root: &str, keys: &[String]) -> Vec<Arc<Part>> {
        let owners = self.lists().into_iter().map(|(owner, _)| owner);
        let owners = owners.filter(|owner| owner.root == root);
        owners.flat_map(|owner| self.replace(&owner, keys, None)).collect()
    }

    /// Forgets all generations of a root table but the `kept` ones, and gives their parts back.
    pub(crate) fn forget_but(&self, root: &str, kept: &[Option<u32>]) -> Vec<Arc<Part>> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut gone = Vec::new();
        state.generations.retain(|(name, number), generation| {
            let stays = name != root || kept.contains(&Some(*number));
            if !stays {
                gone.extend(generation.parts.values().flat_map(|list| list.iter().cloned()));
            }
            stays
        });
        gone
    }

    /// Schema and parts of one generation.
    pub(crate) fn generation(&self, root: &str, generation: u32) -> Option<GenerationView> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let found = state.generations.get(&(root.to_owned(), generation))?;
        Some(GenerationView { registry: found.registry.clone(), parts: found.parts.clone() })
    }

    /// The registry shown of a generation.
    pub(crate) fn registry(&self, root: &str, generation: u32) -> Option<Arc<Registry>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.generations.get(&(root.to_owned(), generation))?.registry.clone()
    }

    fn change(&self, root: &str, generation: u32, change: impl FnOnce(&mut Generation)) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        change(state.generations.entry((root.to_owned(), generation)).or_default());
        if state.current_of(root) == generation {
            state.refresh(root);
        }
    }
}

impl State {
    fn current_of(&self, root: &str) -> u32 {
        self.current.get(root).copied().unwrap_or(1)
    }

    /// Makes the snapshot show a root table as it is now. Snapshots handed out stay as they are.
    fn refresh(&mut self, root: &str) {
        let key = (root.to_owned(), self.current_of(root));
        let Some(generation) = self.generations.get(&key) else {
            return;
        };
        let mut parts = generation.parts.clone();
        let rejects_changed = parts.remove(REJECTS_TABLE).is_some();
        let mut snapshot = (*self.snapshot).clone();
        if let Some(registry) = generation.registry.clone() {
            let table = TableSnapshot { registry, parts };
            snapshot.tables.insert(root.to_owned(), Arc::new(table));
        }
        if rejects_changed || !snapshot.rejects.is_empty() {
            snapshot.rejects = Arc::new(self.rejects());
        }
        self.snapshot = Arc::new(snapshot);
    }

    fn rejects(&self) -> Vec<Arc<Part>> {
        let current =
            self.generations.iter().filter(|((root, number), _)| self.current_of(root) == *number);
        let lists = current.filter_map(|(_, generation)| generation.parts.get(REJECTS_TABLE));
        lists.flat_map(|list| list.iter().cloned()).collect()
    }
}

//! The committed lake in memory: what the next query sees.

use crate::snapshot::{Part, Snapshot, TableSnapshot};
use sluice_normalizer::{REJECTS_TABLE, Registry, TableSchema};
use std::collections::{BTreeMap, BTreeSet, HashSet};
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
    /// Generations that were dropped. Nothing is shown of them again.
    forgotten: BTreeSet<(String, u32)>,
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

    /// Takes parts of a root table away from its readers in one step, child tables and rejects
    /// included, and gives those back.
    pub(crate) fn remove(&self, root: &str, keys: &[String]) -> Vec<Arc<Part>> {
        let keys: HashSet<&str> = keys.iter().map(String::as_str).collect();
        let goes = |part: &Arc<Part>| keys.contains(part.key.as_str());
        let mut gone = Vec::new();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let of_root = state.generations.iter_mut().filter(|((name, _), _)| name == root);
        for list in of_root.flat_map(|(_, generation)| generation.parts.values_mut()) {
            if list.iter().any(goes) {
                gone.extend(list.iter().filter(|part| goes(part)).cloned());
                Arc::make_mut(list).retain(|part| !goes(part));
            }
        }
        state.refresh(root);
        gone
    }

    /// Forgets all generations of a root table but the `kept` ones, and gives their parts back.
    pub(crate) fn forget_but(&self, root: &str, kept: &[Option<u32>]) -> Vec<Arc<Part>> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let State { generations, forgotten, .. } = &mut *state;
        let goes = |(name, number): &(String, u32)| name == root && !kept.contains(&Some(*number));
        let mut gone = Vec::new();
        for (of, generation) in generations.extract_if(.., |of, _| goes(of)) {
            gone.extend(generation.parts.into_values().flat_map(|list| list.to_vec()));
            forgotten.insert(of);
        }
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
        let of = (root.to_owned(), generation);
        if state.forgotten.contains(&of) {
            return;
        }
        change(state.generations.entry(of).or_default());
        if state.current_of(root) == generation {
            state.refresh(root);
        }
    }
}

impl State {
    fn current_of(&self, root: &str) -> u32 {
        self.current.get(root).copied().unwrap_or(1)
    }

    /// Makes the snapshot show a root table as it is now: not at all where its current generation
    /// has no registry. Snapshots handed out stay as they are.
    fn refresh(&mut self, root: &str) {
        let generation = self.generations.get(&(root.to_owned(), self.current_of(root)));
        let mut parts = generation.map_or_else(BTreeMap::new, |known| known.parts.clone());
        let has_rejects = parts.remove(REJECTS_TABLE).is_some();
        let mut snapshot = (*self.snapshot).clone();
        match generation.and_then(|known| known.registry.clone()) {
            Some(registry) => {
                let table = TableSnapshot { registry, parts };
                snapshot.tables.insert(root.to_owned(), Arc::new(table));
            }
            None => _ = snapshot.tables.remove(root),
        }
        if has_rejects || !snapshot.rejects.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::{LakeIndex, Owner};
    use crate::snapshot::Part;
    use sluice_normalizer::{Registry, TableName};

    fn part(table: &str, generation: u32, name: &str) -> (String, Part) {
        let part = Part {
            key: format!("{table}/g{generation}/tier=live/ingest_date=2026-11-20/{name}.parquet"),
            tier: "live".to_owned(),
            ingest_date: "2026-11-20".to_owned(),
            rows: 1,
            bytes: 1,
        };
        (table.to_owned(), part)
    }

    fn index() -> LakeIndex {
        let index = LakeIndex::default();
        let orders = TableName::parse("orders").expect("a table name");
        for generation in [1, 2] {
            index.show(&Registry::empty(&orders, generation));
            let tables = ["orders", "orders__items", "sluice_rejects"];
            let parts = tables.map(|table| part(table, generation, "1"));
            index.add("orders", generation, parts.into());
        }
        index
    }

    fn seen(index: &LakeIndex) -> (usize, usize) {
        let snapshot = index.snapshot();
        let table = snapshot.tables.get("orders");
        let parts = table.map_or(0, |table| table.parts.values().map(|list| list.len()).sum());
        (parts, snapshot.rejects.len())
    }

    #[test]
    fn parts_of_all_tables_go_together() {
        let index = index();
        assert_eq!(seen(&index), (2, 1));
        let keys: Vec<_> = ["orders", "orders__items", "sluice_rejects"]
            .map(|table| part(table, 1, "1").1.key)
            .into();
        assert_eq!(index.remove("visits", &keys), []);
        assert_eq!(index.remove("orders", &keys).len(), 3);
        assert_eq!(seen(&index), (0, 0));
        assert_eq!(index.remove("orders", &keys), []);
    }

    #[test]
    fn what_is_forgotten_stays_forgotten() {
        let index = index();
        index.switch("orders", 2);
        assert_eq!(index.forget_but("orders", &[Some(2), None]).len(), 3);
        // A batch, or a merge, that was late.
        index.add("orders", 1, vec![part("orders", 1, "2")]);
        let (root, table) = ("orders".to_owned(), "orders".to_owned());
        let late = part("orders", 1, "3").1;
        index.replace(&Owner { root, generation: 1, table }, &[], Some(late));
        assert!(index.generation("orders", 1).is_none());
        assert!(index.lists().iter().all(|(owner, _)| owner.generation == 2));
        assert_eq!(seen(&index), (2, 1));
        // A generation that nothing was ever kept of shows no table.
        index.switch("orders", 3);
        assert!(index.snapshot().tables.is_empty());
        assert_eq!(seen(&index), (0, 0));
    }
}

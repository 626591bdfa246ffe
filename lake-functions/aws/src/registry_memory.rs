//! The newest registry versions that this process has seen.

use crate::limits::REGISTRIES_BYTES_MAX;
use sluice_normalizer::{Registry, TableName};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

type Generation = (TableName, u32);

/// Registry versions are immutable and counted without gaps, so what was once the newest is always a
/// place to look further from.
#[derive(Debug, Default)]
pub(crate) struct RegistryMemory(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    newest: HashMap<Generation, (Arc<Registry>, usize)>,
    bytes: usize,
}

impl RegistryMemory {
    /// The newest version seen.
    pub(crate) fn newest(&self, table: &TableName, generation: u32) -> Option<Arc<Registry>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.newest.get(&(table.clone(), generation)).map(|(registry, _)| Arc::clone(registry))
    }

    /// Remembers a version unless a newer one is known. `bytes`: of its text.
    pub(crate) fn learn(&self, table: &TableName, registry: Arc<Registry>, bytes: usize) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = (table.clone(), registry.generation);
        match known.newest.get(&generation) {
            Some((other, _)) if other.version >= registry.version => return,
            Some((_, old_bytes)) => known.bytes -= *old_bytes,
            None => {}
        }
        known.newest.remove(&generation);
        if known.bytes + bytes > REGISTRIES_BYTES_MAX {
            *known = Known::default();
        }
        known.bytes += bytes;
        known.newest.insert(generation, (registry, bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::RegistryMemory;
    use crate::limits::REGISTRIES_BYTES_MAX;
    use sluice_normalizer::{Registry, TableName};
    use std::sync::Arc;

    #[test]
    fn the_newest_is_kept_within_bounds() {
        let memory = RegistryMemory::default();
        let table = |name: &str| TableName::parse(name).expect("a table name");
        let learn = |name: &str, version, bytes| {
            let table = table(name);
            let registry = Registry { version, ..Registry::empty(&table, 1) };
            memory.learn(&table, Arc::new(registry), bytes);
        };
        let newest = |name: &str| memory.newest(&table(name), 1).map(|r| r.version);
        learn("a", 2, 10);
        learn("a", 1, 10);
        assert_eq!((newest("a"), newest("b")), (Some(2), None));
        for version in 3..100 {
            learn("a", version, REGISTRIES_BYTES_MAX / 2);
        }
        learn("b", 1, REGISTRIES_BYTES_MAX / 2);
        assert_eq!((newest("a"), newest("b")), (Some(99), Some(1)));
        learn("c", 1, 1);
        assert_eq!((newest("a"), newest("c")), (None, Some(1)));
    }
}

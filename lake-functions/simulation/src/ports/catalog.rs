//! The catalog as a port: it compares, and swaps by the version id it read, as with Glue.

use super::Ports;
use crate::protocol::Protocol;
use crate::world::State;
use sluice_normalizer::{Registry, TableName};
use sluice_pipeline::{Catalog, PortError, Shown};

/// How often the catalog is read again because somebody was quicker.
const SWAPS_MAX: u32 = 10;

impl Catalog for Ports {
    async fn show(&self, registry: &Registry) -> Result<(), PortError> {
        if self.protocol() == Protocol::SchemaLast {
            self.held().registry = Some(registry.clone());
            return Ok(());
        }
        self.show_now(registry).await
    }

    async fn shown(&self, table: &TableName, generation: u32) -> Result<Option<Shown>, PortError> {
        let key = (table.clone(), generation);
        let shown = move |state: &mut State| state.lake.shown.get(&key).copied();
        let version = self.world.call("catalog", "shown", table.as_str(), shown).await?;
        Ok(version.map(|version| Shown { version }))
    }
}

impl Ports {
    pub(super) async fn show_now(&self, registry: &Registry) -> Result<(), PortError> {
        let table = TableName::from_stored(&registry.table).expect("a registry's table");
        let key = (table, registry.generation);
        let version = registry.version;
        let about = format!("{} version {version}", registry.table);
        for _ in 0..SWAPS_MAX {
            let of = key.clone();
            let read = move |state: &mut State| {
                (state.lake.shown.get(&of).copied(), state.lake.shown_changes.get(&of).copied())
            };
            let (shown, changes) = self.world.call("catalog", "read", &about, read).await?;
            let compares = self.protocol() != Protocol::CatalogGoesDown;
            if compares && shown.is_some_and(|shown| shown >= version) {
                return Ok(());
            }
            let of = key.clone();
            let swap = move |state: &mut State| {
                if compares && state.lake.shown_changes.get(&of).copied() != changes {
                    state.came_up("catalog changed by another");
                    return false;
                }
                *state.lake.shown_changes.entry(of.clone()).or_default() += 1;
                let before = state.lake.shown.insert(of, version);
                if before.is_some_and(|before| before > version) {
                    state.violated("D7", format!("the catalog goes down to version {version}"));
                }
                true
            };
            if self.world.call("catalog", "swap", &about, swap).await? {
                return Ok(());
            }
        }
        Err(PortError::Unavailable { what: about, source: "others were quicker".into() })
    }
}

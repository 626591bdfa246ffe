//! The lake bucket as a port: registry versions are created if absent, parts are plain puts.

use super::Ports;
use crate::protocol::Protocol;
use crate::world::State;
use crate::world::lake::Part;
use sluice_normalizer::{Registry, TableName};
use sluice_pipeline::{ContentHash, Created, LakeStore, PortError};

fn damaged(what: String) -> PortError {
    PortError::Damaged { what, source: "there is no such thing".into() }
}

impl LakeStore for Ports {
    async fn latest_registry(
        &self,
        table: &TableName,
        generation: u32,
    ) -> Result<Registry, PortError> {
        let of = table.clone();
        let latest = move |state: &mut State| state.lake.newest(&of, generation);
        self.world.call("lake", "latest registry", table.as_str(), latest).await
    }

    async fn registry(
        &self,
        table: &TableName,
        generation: u32,
        version: u64,
    ) -> Result<Registry, PortError> {
        if version == 0 {
            return Ok(Registry::empty(table, generation));
        }
        let about = format!("{} version {version}", table.as_str());
        let of = (table.clone(), generation);
        let get = move |state: &mut State| state.lake.registries.get(&of)?.get(&version).cloned();
        let found = self.world.call("lake", "registry", &about, get).await?;
        found.ok_or_else(|| damaged(about))
    }

    async fn create_registry(&self, registry: &Registry) -> Result<Created, PortError> {
        let registry = registry.clone();
        let about = format!("{} version {}", registry.table, registry.version);
        let create = move |state: &mut State| {
            let table = TableName::from_stored(&registry.table).expect("a registry's table");
            let overwrites = state.protocol == Protocol::RegistryOverwrites;
            let versions = state.lake.registries.entry((table, registry.generation)).or_default();
            if versions.contains_key(&registry.version) && !overwrites {
                state.came_up("registry version made by another");
                return Created::Exists;
            }
            versions.insert(registry.version, registry);
            Created::New
        };
        self.world.call("lake", "create registry", &about, create).await
    }

    async fn keep_settings(&self, hash: &ContentHash, text: &str) -> Result<(), PortError> {
        let (hash, text) = (hash.to_string(), text.to_owned());
        let keep = move |state: &mut State| {
            state.lake.settings.insert(hash, text);
        };
        self.world.call("lake", "keep settings", "", keep).await
    }

    async fn settings(&self, hash: &ContentHash) -> Result<String, PortError> {
        let hash = hash.to_string();
        let about = hash.clone();
        let get = move |state: &mut State| state.lake.settings.get(&hash).cloned();
        let found = self.world.call("lake", "settings", "", get).await?;
        found.ok_or_else(|| damaged(about))
    }

    async fn write_part(&self, key: &str, content: &[u8]) -> Result<(), PortError> {
        if self.protocol() == Protocol::CommitFirst {
            self.held().parts.push((key.to_owned(), content.to_vec()));
            return Ok(());
        }
        self.write_part_now(key, content).await
    }

    async fn part(&self, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        let of = key.to_owned();
        let get =
            move |state: &mut State| state.lake.parts.get(&of).map(|part| part.content.clone());
        self.world.call("lake", "part", key, get).await
    }
}

impl Ports {
    pub(super) async fn write_part_now(&self, key: &str, content: &[u8]) -> Result<(), PortError> {
        let (of, content) = (key.to_owned(), content.to_vec());
        let hash = ContentHash::sha256(&content);
        let write = move |state: &mut State| {
            let written = state.lake.parts.get(&of);
            if written.is_some_and(|written| written.hash != hash) {
                state.violated("I-6", format!("{of} is written with other bytes"));
            }
            state.lake.parts.insert(of, Part { content, hash });
        };
        self.world.call("lake", "write part", key, write).await
    }
}

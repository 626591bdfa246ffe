//! The lake in its bucket: parts, registry versions, settings. Keys are the paths of the lake folder
//! of one machine.

use crate::bucket::{Bucket, Content, Objects};
use crate::clients::Aws;
use crate::limits::KEPT_SETTINGS_MAX;
use crate::registry_memory::RegistryMemory;
use sluice_normalizer::{Registry, TableName};
use sluice_pipeline::{ContentHash, Created, Intent, LakeStore, PortError, RemoveParts};
use std::collections::HashSet;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

const PARQUET: &str = "application/vnd.apache.parquet";
const JSON: &str = "application/json";
const YAML: &str = "application/yaml";

/// The lake bucket. Clones share what they remember.
#[derive(Debug, Clone)]
pub struct S3LakeStore {
    bucket: Bucket,
    memory: Arc<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    registries: RegistryMemory,
    kept_settings: Mutex<HashSet<ContentHash>>,
}

/// What must be there is not, or is not what its key says.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("it is not there")]
    Absent,
    #[error("it is of another table, generation or version than its key")]
    OtherRegistry,
    #[error("its text has another hash than its key")]
    OtherHash,
    #[error("it is not UTF-8")]
    NotText,
}

impl S3LakeStore {
    /// The lake in `bucket`. `kms_key_arn`: encrypts what is written; none leaves it to the bucket's
    /// default.
    #[must_use]
    pub fn new(aws: &Aws, bucket: String, kms_key_arn: Option<String>) -> Self {
        S3LakeStore { bucket: Bucket::new(aws, bucket, kms_key_arn), memory: Arc::default() }
    }

    /// Counts the parts of a registry's generation, and removes them if asked to; see
    /// [`crate::clear_generation`].
    pub(crate) async fn clear_parts(
        &self,
        registry: &Registry,
        intent: Intent,
    ) -> Result<Objects, PortError> {
        let mut found = Objects::default();
        for table in &registry.tables {
            let prefix = format!("{}/g{}/", table.name, registry.generation);
            let objects = self.bucket.clear(&prefix, intent).await?;
            found.count += objects.count;
            found.bytes += objects.bytes;
        }
        Ok(found)
    }

    /// A registry version of 1 or more, none when there is no such version.
    async fn stored(
        &self,
        table: &TableName,
        generation: u32,
        version: u64,
    ) -> Result<Option<Arc<Registry>>, PortError> {
        let key = registry_key(table.as_str(), generation, version);
        let Some(bytes) = self.bucket.get(&key).await? else { return Ok(None) };
        let what = || format!("use {key}");
        let registry = Registry::from_json(&bytes).map_err(|error| damaged(what(), error))?;
        let place = (registry.table.as_str(), registry.generation, registry.version);
        if place != (table.as_str(), generation, version) {
            return Err(damaged(what(), Unusable::OtherRegistry));
        }
        let registry = Arc::new(registry);
        self.memory.registries.learn(table, Arc::clone(&registry), bytes.len());
        Ok(Some(registry))
    }

    /// The highest version there is, 0 when there is none. One request a thousand versions.
    async fn listed_version(&self, table: &TableName, generation: u32) -> Result<u64, PortError> {
        let prefix = registry_prefix(table.as_str(), generation);
        let mut highest = 0;
        let mut visit = |key: &str| {
            let name = key.strip_prefix(&prefix).and_then(|name| name.strip_suffix(".json"));
            if let Some(version) = name.and_then(canonical_number) {
                highest = highest.max(version);
            }
        };
        self.bucket.list(&prefix, &mut visit).await?;
        Ok(highest)
    }
}

impl LakeStore for S3LakeStore {
    /// Warm and unchanged: one request, which finds nothing. Every read sees all earlier writes
    /// (S3 is strongly consistent), and versions are counted without gaps, so the first version that
    /// is not there tells the newest.
    ///
    /// A generation's number is never used again once its versions were removed: processes remember.
    async fn latest_registry(
        &self,
        table: &TableName,
        generation: u32,
    ) -> Result<Registry, PortError> {
        let mut newest = match self.memory.registries.newest(table, generation) {
            Some(known) => known,
            None => match self.listed_version(table, generation).await? {
                0 => return Ok(Registry::empty(table, generation)),
                version => Arc::new(self.registry(table, generation, version).await?),
            },
        };
        while let Some(next) = self.stored(table, generation, newest.version + 1).await? {
            newest = next;
        }
        Ok(Arc::unwrap_or_clone(newest))
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
        match self.stored(table, generation, version).await? {
            Some(registry) => Ok(Arc::unwrap_or_clone(registry)),
            None => {
                let key = registry_key(table.as_str(), generation, version);
                Err(damaged(format!("read {key}"), Unusable::Absent))
            }
        }
    }

    async fn create_registry(&self, registry: &Registry) -> Result<Created, PortError> {
        let key = registry_key(&registry.table, registry.generation, registry.version);
        self.bucket.create(&key, Content::new(registry.to_json().into_bytes(), JSON)).await
    }

    async fn keep_settings(&self, hash: &ContentHash, text: &str) -> Result<(), PortError> {
        let kept = || self.memory.kept_settings.lock().unwrap_or_else(PoisonError::into_inner);
        // Every batch keeps the settings in force: mostly they are there.
        if kept().contains(hash) {
            return Ok(());
        }
        self.bucket
            .create(&settings_key(hash), Content::new(text.as_bytes().to_vec(), YAML))
            .await?;
        let mut kept = kept();
        if kept.len() >= KEPT_SETTINGS_MAX {
            kept.clear();
        }
        kept.insert(*hash);
        Ok(())
    }

    async fn settings(&self, hash: &ContentHash) -> Result<String, PortError> {
        let key = settings_key(hash);
        let unusable = |why| damaged(format!("use {key}"), why);
        let Some(bytes) = self.bucket.get(&key).await? else {
            return Err(unusable(Unusable::Absent));
        };
        if ContentHash::sha256(&bytes) != *hash {
            return Err(unusable(Unusable::OtherHash));
        }
        String::from_utf8(bytes).map_err(|_| unusable(Unusable::NotText))
    }

    async fn write_part(&self, key: &str, bytes: &[u8]) -> Result<(), PortError> {
        self.bucket.put(key, Content::new(bytes.to_vec(), PARQUET)).await
    }

    async fn part(&self, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        self.bucket.get(key).await
    }
}

impl RemoveParts for S3LakeStore {
    async fn remove_part(&self, key: &str) -> Result<(), PortError> {
        self.bucket.remove(key).await
    }
}

fn registry_prefix(table: &str, generation: u32) -> String {
    format!("_registry/{table}/g{generation}/")
}

fn registry_key(table: &str, generation: u32, version: u64) -> String {
    format!("{}{version}.json", registry_prefix(table, generation))
}

fn settings_key(hash: &ContentHash) -> String {
    format!("_settings/{hash}.yaml")
}

/// A number as it is written: `7`, never `07`.
fn canonical_number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn damaged(what: String, source: impl Error + Send + Sync + 'static) -> PortError {
    PortError::Damaged { what, source: Box::new(source) }
}

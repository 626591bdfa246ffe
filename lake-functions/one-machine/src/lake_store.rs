//! The folder as the pipeline's lake store.
//!
//! Calls block the thread while files are written: they are made by the normalizer's own threads.

use crate::lake_folder::{LakeError, LakeFolder};
use sluice_normalizer::{Registry, TableName};
use sluice_pipeline::{ContentHash, Created, LakeStore, PortError};
use std::error::Error;
use std::io::ErrorKind;

/// Settings that are kept have another hash than their name says.
#[derive(Debug, thiserror::Error)]
#[error("the text has the hash {found}")]
struct OtherHash {
    found: ContentHash,
}

impl LakeStore for LakeFolder {
    async fn latest_registry(
        &self,
        table: &TableName,
        generation: u32,
    ) -> Result<Registry, PortError> {
        LakeFolder::latest_registry(self, table, generation)
            .map_err(told(|| format!("read the newest registry of {table}, g{generation}")))
    }

    async fn registry(
        &self,
        table: &TableName,
        generation: u32,
        version: u64,
    ) -> Result<Registry, PortError> {
        let what = || format!("read registry version {version} of {table}, g{generation}");
        LakeFolder::registry(self, table, generation, version).map_err(told_if_absent(what))
    }

    async fn create_registry(&self, registry: &Registry) -> Result<Created, PortError> {
        let Registry { table, generation, version, .. } = registry;
        created(LakeFolder::create_registry(self, registry)).map_err(told(|| {
            format!("create registry version {version} of {table}, g{generation}")
        }))
    }

    async fn keep_settings(&self, hash: &ContentHash, text: &str) -> Result<(), PortError> {
        created(self.create_settings(hash, text))
            .map(|_| ())
            .map_err(told(|| format!("keep settings {hash}")))
    }

    async fn settings(&self, hash: &ContentHash) -> Result<String, PortError> {
        let what = || format!("read settings {hash}");
        let text = self.settings_text(hash).map_err(told_if_absent(what))?;
        let found = ContentHash::sha256(text.as_bytes());
        if found != *hash {
            return Err(damaged(what(), OtherHash { found }));
        }
        Ok(text)
    }

    async fn write_part(&self, key: &str, content: &[u8]) -> Result<(), PortError> {
        LakeFolder::write_part(self, key, content).map_err(told(|| format!("write part {key}")))
    }

    async fn part(&self, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        LakeFolder::part(self, key).map_err(told(|| format!("read part {key}")))
    }
}

fn created(outcome: Result<(), LakeError>) -> Result<Created, LakeError> {
    match outcome {
        Ok(()) => Ok(Created::New),
        Err(LakeError::Exists { .. }) => Ok(Created::Exists),
        Err(error) => Err(error),
    }
}

/// What a caller of the port is told.
fn told(what: impl Fn() -> String) -> impl FnOnce(LakeError) -> PortError {
    move |error| {
        let what = what();
        match &error {
            LakeError::Io { source, .. } => match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    PortError::Full { what, source: Box::new(error) }
                }
                ErrorKind::InvalidData => damaged(what, error),
                _ => PortError::Unavailable { what, source: Box::new(error) },
            },
            LakeError::Locked { .. } => PortError::Unavailable { what, source: Box::new(error) },
            LakeError::Exists { .. } | LakeError::Registry { .. } | LakeError::Plan { .. } => {
                damaged(what, error)
            }
        }
    }
}

/// The same for what must be there: nothing brings it back.
fn told_if_absent(what: impl Fn() -> String) -> impl FnOnce(LakeError) -> PortError {
    move |error| match &error {
        LakeError::Io { source, .. } if source.kind() == ErrorKind::NotFound => {
            damaged(what(), error)
        }
        _ => told(what)(error),
    }
}

fn damaged(what: String, source: impl Error + Send + Sync + 'static) -> PortError {
    PortError::Damaged { what, source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use crate::lake_folder::LakeFolder;
    use futures::FutureExt;
    use sluice_pipeline::{ContentHash, LakeStore, PortError};
    use std::fs;
    use std::sync::Barrier;

    fn now<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().expect("a folder never waits")
    }

    #[test]
    fn the_folder_does_what_a_lake_store_must() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let lake = LakeFolder::at(folder.path().join("lake"));
        now(sluice_conformance::lake_store(&lake));
    }

    #[test]
    fn what_cannot_be_used_is_told_apart_from_what_fails() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let lake = LakeFolder::at(folder.path());
        let hash = ContentHash::sha256(b"tables: {}");
        now(lake.keep_settings(&hash, "tables: {}")).expect("keep");
        let path = folder.path().join(format!("_settings/{hash}.yaml"));
        for broken in [&b"tables: {} "[..], b"\xff"] {
            fs::write(&path, broken).expect("write");
            let error = now(lake.settings(&hash)).expect_err("other bytes");
            assert!(matches!(error, PortError::Damaged { .. }), "{error}");
        }
        // A file in the place of a folder: somebody may take it away.
        fs::write(folder.path().join("orders"), "").expect("write");
        let key = "orders/g1/tier=live/ingest_date=2026-11-20/b.parquet";
        let error = now(LakeStore::write_part(&lake, key, b"")).expect_err("no folder");
        assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
    }

    /// Two tables are normalized at the same time under the same settings: neither may cut off what
    /// the other one just kept.
    #[test]
    fn the_same_settings_can_be_kept_by_many_at_once() {
        let text = "x".repeat(100_000);
        let hash = ContentHash::sha256(text.as_bytes());
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("temporary folder");
            let lake = LakeFolder::at(folder.path());
            let start = Barrier::new(4);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        start.wait();
                        now(lake.keep_settings(&hash, &text)).expect("keep");
                        assert_eq!(now(lake.settings(&hash)).expect("settings"), text);
                    });
                }
            });
        }
    }
}

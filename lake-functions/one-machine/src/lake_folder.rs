//! The lake as a folder: where registry versions, plans and parts lie, and how each is written.

use crate::durable;
use crate::file_plan::{FilePlan, FilePlanError};
use sluice_normalizer::{REJECTS_TABLE, Registry, RegistryError, TableName};
use sluice_pipeline::ContentHash;
use std::fs::{self, DirEntry, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A lake in a folder. Reading needs no lock; writers hold [`LakeFolder::lock`].
#[derive(Debug, Clone)]
pub struct LakeFolder {
    root: PathBuf,
}

/// The right to write to a lake, until dropped or the process ends.
#[derive(Debug)]
#[must_use = "the lock ends when this is dropped"]
pub struct FolderLock {
    _file: File,
}

/// Why an operation on the folder failed.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// Another process writes to this lake.
    #[error("another writer is at work in {}{}", folder.display(), process(*holder))]
    Locked {
        /// The lake.
        folder: PathBuf,
        /// Its process id, where the lock's file tells it.
        holder: Option<u32>,
    },
    /// The file system refused.
    #[error("{action} {}", path.display())]
    Io {
        /// A verb phrase.
        action: &'static str,
        /// What it was about.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The name is taken by an immutable file.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A stored registry version cannot be used.
    #[error("use {}", path.display())]
    Registry {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: RegistryError,
    },
    /// A stored plan cannot be used.
    #[error("use {}", path.display())]
    Plan {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FilePlanError,
    },
}

const LOCK_FILE: &str = "_lock";

/// ` (process 12)`, for a message.
pub(crate) fn process(id: Option<u32>) -> String {
    id.map_or_else(String::new, |id| format!(" (process {id})"))
}

impl LakeFolder {
    /// The folder of registry versions.
    pub(crate) const REGISTRY: &str = "_registry";

    /// The folder of plans.
    pub(crate) const PLANS: &str = "_plans";

    /// The folder of settings.
    pub(crate) const SETTINGS: &str = "_settings";

    /// The lake in `root`, which need not exist yet.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        LakeFolder { root: root.into() }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Creates the folder if it is missing and takes its lock.
    ///
    /// # Errors
    /// [`LakeError::Locked`] at once when another process holds the lock.
    pub fn lock(&self) -> Result<FolderLock, LakeError> {
        durable::create_folders(&self.root).map_err(failed("create folder", &self.root))?;
        let path = self.root.join(LOCK_FILE);
        let mut options = File::options();
        // The file's text is the holder's until the lock is ours.
        let opened = options.read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(failed("create", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let holder =
                    file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(LakeError::Locked { folder: self.root.clone(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
        }
        let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(failed("write", &path))?;
        Ok(FolderLock { _file: file })
    }

    /// Deletes the part at `key`, if it is there. Only for parts that no reader sees any more.
    ///
    /// # Errors
    /// [`LakeError::Io`].
    pub fn remove_part(&self, key: &str) -> Result<(), LakeError> {
        let path = self.root.join(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("delete", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Deletes what a killed write of the file at `key` left, if there is something.
    pub(crate) fn remove_temporary(&self, key: &str) -> Result<(), LakeError> {
        let path = self.root.join(key);
        durable::remove_temporary(&path).map_err(failed("delete the temporary file of", &path))
    }

    /// Removes a folder below the root if nothing is in it.
    pub(crate) fn remove_empty_folder(&self, key: &str) {
        // The system refuses to remove one that has something in it.
        let _ = fs::remove_dir(self.root.join(key));
    }

    /// The names of the files in a folder below the root; none when there is no such folder.
    pub(crate) fn files_in(&self, key: &str) -> Result<Vec<String>, LakeError> {
        names_of(&self.root.join(key), fs::FileType::is_file)
    }

    /// The names of the folders in a folder below the root, or in the root (an empty `key`). What a
    /// link leads to is not among them.
    pub(crate) fn folders_in(&self, key: &str) -> Result<Vec<String>, LakeError> {
        names_of(&self.root.join(key), fs::FileType::is_dir)
    }

    /// The root tables that have a registry, by name.
    ///
    /// # Errors
    /// [`LakeError::Io`]. A folder that does not exist or is no lake has no tables.
    pub fn tables(&self) -> Result<Vec<TableName>, LakeError> {
        let mut tables = Vec::new();
        for name in names_in(&self.root.join(Self::REGISTRY))? {
            // Only what a writer could have created: lower case, a valid name.
            if let Ok(table) = TableName::parse(&name)
                && table.as_str() == name
                && self.latest_version(&table, self.generation(&table)?)? > 0
            {
                tables.push(table);
            }
        }
        tables.sort();
        Ok(tables)
    }

    /// The table's current generation: the highest there is, 1 for a new table.
    ///
    /// # Errors
    /// [`LakeError::Io`].
    pub fn generation(&self, table: &TableName) -> Result<u32, LakeError> {
        let names = names_in(&self.root.join(Self::REGISTRY).join(table.as_str()))?;
        let generations = names.iter().filter_map(|name| canonical_number(name.strip_prefix('g')?));
        Ok(generations.filter_map(|n| u32::try_from(n).ok()).max().unwrap_or(1))
    }

    /// The newest registry version, or the empty one of a table that was never written.
    ///
    /// # Errors
    /// [`LakeError::Registry`] names the file that cannot be used.
    pub fn latest_registry(
        &self,
        table: &TableName,
        generation: u32,
    ) -> Result<Registry, LakeError> {
        self.registry(table, generation, self.latest_version(table, generation)?)
    }

    /// One registry version; version 0 is the empty one.
    ///
    /// # Errors
    /// [`LakeError::Registry`] names the file that cannot be used.
    pub fn registry(
        &self,
        table: &TableName,
        generation: u32,
        version: u64,
    ) -> Result<Registry, LakeError> {
        if version == 0 {
            return Ok(Registry::empty(table, generation));
        }
        let path = self.registry_folder(table.as_str(), generation).join(format!("{version}.json"));
        let bytes = fs::read(&path).map_err(failed("read", &path))?;
        Registry::from_json(&bytes).map_err(|source| LakeError::Registry { path, source })
    }

    /// Writes a new registry version.
    ///
    /// # Errors
    /// [`LakeError::Exists`] when the version exists: a registry version is immutable.
    pub fn create_registry(&self, registry: &Registry) -> Result<(), LakeError> {
        let folder = self.registry_folder(&registry.table, registry.generation);
        let path = folder.join(format!("{}.json", registry.version));
        create(&folder, path, registry.to_json().as_bytes())
    }

    /// The earliest ingest date of any rejects, `YYYY-MM-DD`; none when there are none.
    ///
    /// # Errors
    /// [`LakeError::Io`].
    pub fn rejects_first_date(&self) -> Result<Option<String>, LakeError> {
        let folder = self.root.join(REJECTS_TABLE).join("g1").join("tier=live");
        let mut names = names_in(&folder)?;
        names.sort();
        for name in names {
            // A crash may have left a folder without a part.
            let is_part = |file: &String| file.ends_with(".parquet") && !file.starts_with('.');
            if let Some(date) = name.strip_prefix("ingest_date=")
                && is_date(date)
                && names_in(&folder.join(&name))?.iter().any(is_part)
            {
                return Ok(Some(date.to_owned()));
            }
        }
        Ok(None)
    }

    /// Visits every plan of the table's generation, by batch id.
    ///
    /// # Errors
    /// [`LakeError::Plan`] names the file that cannot be used.
    pub fn plans(
        &self,
        table: &TableName,
        generation: u32,
        visit: &mut dyn FnMut(FilePlan) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        let folder = self.plans_folder(table.as_str(), generation);
        let mut names = names_in(&folder)?;
        names.retain(|name| name.ends_with(".json") && !name.starts_with('.'));
        names.sort();
        for name in names {
            let path = folder.join(name);
            let bytes = fs::read(&path).map_err(failed("read", &path))?;
            visit(FilePlan::from_json(&bytes).map_err(|source| LakeError::Plan { path, source })?)?;
        }
        Ok(())
    }

    /// Writes a batch's plan.
    ///
    /// # Errors
    /// [`LakeError::Exists`] when the batch has one: a plan is immutable.
    pub fn create_plan(&self, plan: &FilePlan) -> Result<(), LakeError> {
        let folder = self.plans_folder(&plan.table, plan.generation);
        let path = folder.join(format!("{}.json", plan.batch));
        create(&folder, path, plan.to_json().as_bytes())
    }

    /// The size of the part at `key` in bytes, none when there is no such part.
    ///
    /// # Errors
    /// [`LakeError::Io`].
    pub fn part_bytes(&self, key: &str) -> Result<Option<u64>, LakeError> {
        let path = self.root.join(key);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("look at", &path)(error)),
        }
    }

    /// Writes the part at `key`; it appears under its name whole, or not at all.
    ///
    /// # Errors
    /// [`LakeError::Io`].
    pub fn write_part(&self, key: &str, bytes: &[u8]) -> Result<(), LakeError> {
        let path = self.root.join(key);
        if let Some(folder) = path.parent() {
            durable::create_folders(folder).map_err(failed("create folder", folder))?;
        }
        durable::replace(&path, bytes).map_err(failed("write part", &path))
    }

    /// The bytes of the part at `key`, none when there is no such part.
    ///
    /// # Errors
    /// [`LakeError::Io`].
    pub fn part(&self, key: &str) -> Result<Option<Vec<u8>>, LakeError> {
        let path = self.root.join(key);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read part", &path)(error)),
        }
    }

    /// Writes the text of a settings file under its hash.
    ///
    /// # Errors
    /// [`LakeError::Exists`] when it is there already.
    pub fn create_settings(&self, hash: &ContentHash, text: &str) -> Result<(), LakeError> {
        let path = self.settings_file(hash);
        // Every batch asks for the settings in force: mostly they are there.
        if path.exists() {
            return Err(LakeError::Exists { path });
        }
        create(&self.root.join(Self::SETTINGS), path, text.as_bytes())
    }

    /// The text of a settings file by its hash.
    ///
    /// # Errors
    /// [`LakeError::Io`], also when it was never written.
    pub fn settings_text(&self, hash: &ContentHash) -> Result<String, LakeError> {
        let path = self.settings_file(hash);
        fs::read_to_string(&path).map_err(failed("read", &path))
    }

    fn settings_file(&self, hash: &ContentHash) -> PathBuf {
        self.root.join(Self::SETTINGS).join(format!("{hash}.yaml"))
    }

    fn registry_folder(&self, table: &str, generation: u32) -> PathBuf {
        self.root.join(Self::REGISTRY).join(table).join(format!("g{generation}"))
    }

    fn plans_folder(&self, table: &str, generation: u32) -> PathBuf {
        self.root.join(Self::PLANS).join(table).join(format!("g{generation}"))
    }

    fn latest_version(&self, table: &TableName, generation: u32) -> Result<u64, LakeError> {
        let names = names_in(&self.registry_folder(table.as_str(), generation))?;
        let versions =
            names.iter().filter_map(|name| canonical_number(name.strip_suffix(".json")?));
        Ok(versions.max().unwrap_or(0))
    }
}

fn create(folder: &Path, path: PathBuf, bytes: &[u8]) -> Result<(), LakeError> {
    durable::create_folders(folder).map_err(failed("create folder", folder))?;
    match durable::create_new(&path, bytes).map_err(failed("write", &path))? {
        true => Ok(()),
        false => Err(LakeError::Exists { path }),
    }
}

/// The names in a folder that are text; none when there is no such folder.
fn names_in(folder: &Path) -> Result<Vec<String>, LakeError> {
    let mut names = Vec::new();
    visit(folder, |entry| {
        names.extend(entry.file_name().into_string().ok());
        Ok(())
    })?;
    Ok(names)
}

/// The same of one type.
fn names_of(
    folder: &Path,
    is_of_type: fn(&fs::FileType) -> bool,
) -> Result<Vec<String>, LakeError> {
    let mut names = Vec::new();
    visit(folder, |entry| {
        if is_of_type(&entry.file_type()?) {
            names.extend(entry.file_name().into_string().ok());
        }
        Ok(())
    })?;
    Ok(names)
}

fn visit(
    folder: &Path,
    mut visit: impl FnMut(DirEntry) -> io::Result<()>,
) -> Result<(), LakeError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("list", folder)(error)),
    };
    for entry in entries {
        entry.and_then(&mut visit).map_err(failed("list", folder))?;
    }
    Ok(())
}

/// `YYYY-MM-DD`, as a writer prints it.
fn is_date(text: &str) -> bool {
    let digit_or_dash = |(index, byte): (usize, u8)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 10 && text.bytes().enumerate().all(digit_or_dash)
}

/// A number as a writer prints it: `7`, never `07`.
fn canonical_number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> LakeError + 'a {
    move |source| LakeError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::{LakeError, LakeFolder};
    use sluice_normalizer::{Registry, TableName};
    use std::error::Error;
    use std::fs;

    fn lake() -> (tempfile::TempDir, LakeFolder, TableName) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let lake = LakeFolder::at(folder.path().join("lake"));
        (folder, lake, TableName::parse("orders").expect("a table name"))
    }

    fn registry(table: &TableName, version: u64) -> Registry {
        Registry { version, ..Registry::empty(table, 1) }
    }

    #[test]
    fn the_latest_registry_is_the_highest_number() {
        let (_folder, lake, table) = lake();
        assert_eq!(lake.latest_registry(&table, 1).expect("read"), registry(&table, 0));
        assert!(lake.tables().expect("list").is_empty());
        for version in [9, 10, 2] {
            lake.create_registry(&registry(&table, version)).expect("create");
        }
        let folder = lake.root().join("_registry/orders/g1");
        for stray in [".11.json.tmp", "012.json", "13.json.bak", "x.json"] {
            fs::write(folder.join(stray), "{").expect("write");
        }
        assert_eq!(lake.latest_registry(&table, 1).expect("read").version, 10);
        assert_eq!(lake.tables().expect("list"), [table]);
    }

    #[test]
    fn a_registry_version_is_never_replaced() {
        let (_folder, lake, table) = lake();
        lake.create_registry(&registry(&table, 1)).expect("create");
        let mut other = registry(&table, 1);
        other.first_date = Some("2026-11-20".to_owned());
        let error = lake.create_registry(&other).expect_err("the version exists");
        assert!(matches!(error, LakeError::Exists { .. }), "{error}");
        assert_eq!(lake.latest_registry(&table, 1).expect("read"), registry(&table, 1));
    }

    #[test]
    fn a_registry_that_cannot_be_used_is_named() {
        let (_folder, lake, table) = lake();
        lake.create_registry(&registry(&table, 1)).expect("create");
        let path = lake.root().join("_registry/orders/g1/2.json");
        fs::write(&path, r#"{"format":99}"#).expect("write");
        let error = lake.latest_registry(&table, 1).expect_err("a newer format");
        assert_eq!(error.to_string(), format!("use {}", path.display()));
        let cause = error.source().expect("a cause").to_string();
        assert!(cause.contains("registry format 99 is newer"), "{cause}");
    }

    #[test]
    fn generations_are_counted_by_folder() {
        let (_folder, lake, table) = lake();
        assert_eq!(lake.generation(&table).expect("list"), 1);
        lake.create_registry(&registry(&table, 1)).expect("create");
        lake.create_registry(&Registry { generation: 12, ..registry(&table, 1) }).expect("create");
        assert_eq!(lake.generation(&table).expect("list"), 12);
    }

    #[test]
    fn the_first_date_of_rejects_is_one_that_has_rejects() {
        let (_folder, lake, _) = lake();
        assert_eq!(lake.rejects_first_date().expect("list"), None);
        for (date, name) in [
            ("2026-11-21", "b.parquet"),
            ("2026-11-20", "a.parquet"),
            ("2026-11-19", ".b.parquet.tmp"),
            ("2026-11-1'", "b.parquet"),
        ] {
            let key = format!("sluice_rejects/g1/tier=live/ingest_date={date}/{name}");
            lake.write_part(&key, b"").expect("write");
        }
        assert_eq!(lake.rejects_first_date().expect("list").as_deref(), Some("2026-11-20"));
    }

    #[test]
    fn one_writer_at_a_time() {
        let (_folder, lake, _) = lake();
        let held = lake.lock().expect("the first lock");
        assert!(matches!(lake.lock(), Err(LakeError::Locked { .. })));
        drop(held);
        let _free = lake.lock().expect("the lock is free again");
    }

    #[test]
    fn a_part_is_replaced_whole() {
        let (_folder, lake, _) = lake();
        let key = "orders/g1/tier=live/ingest_date=2026-11-20/b.parquet";
        assert_eq!(lake.part_bytes(key).expect("look"), None);
        lake.write_part(key, b"12345").expect("write");
        lake.write_part(key, b"123").expect("write again");
        assert_eq!(lake.part_bytes(key).expect("look"), Some(3));
    }
}

//! What lies in a data folder.

use crate::reader::registry::{check_growth, check_names};
use serde_json::Value;
use sluice_normalizer::Registry;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Files {
    pub(crate) parts: u64,
    pub(crate) registries: u64,
    /// Hidden files that a crash left.
    pub(crate) hidden: u64,
}

/// Every registry version is whole and follows the one before; everything that a reader can see
/// below a table is a whole part.
pub(crate) fn check(data: &Path) -> Files {
    let lake = data.join("lake");
    let mut files = Files::default();
    for table in entries(&lake.join("_registry")) {
        for generation in entries(&table) {
            files.registries += check_versions(&generation);
        }
    }
    for table in entries(&lake) {
        let name = table.file_name().expect("a name").to_string_lossy().into_owned();
        if !name.starts_with('_') && !name.starts_with('.') {
            check_parts(&table, &mut files);
        }
    }
    files
}

fn check_versions(generation: &Path) -> u64 {
    let is_hidden = |path: &PathBuf| name(path).starts_with('.');
    let mut versions: Vec<u64> = entries(generation)
        .iter()
        .filter(|path| !is_hidden(path))
        .map(|path| {
            let version = name(path).strip_suffix(".json").and_then(|stem| stem.parse().ok());
            version.unwrap_or_else(|| panic!("{} is no registry version", path.display()))
        })
        .collect();
    versions.sort_unstable();
    let mut before: Option<Value> = None;
    for (version, expected) in versions.iter().zip(1..) {
        assert_eq!(*version, expected, "a version is missing in {}", generation.display());
        let path = generation.join(format!("{version}.json"));
        let bytes = fs::read(&path).expect("read a registry version");
        let registry = Registry::from_json(&bytes);
        let registry = registry.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(registry.version, *version, "{}", path.display());
        let plain: Value = serde_json::from_slice(&bytes).expect("a registry is JSON");
        check_names(&plain);
        if let Some(before) = &before {
            check_growth(before, &plain);
        }
        before = Some(plain);
    }
    versions.len() as u64
}

fn check_parts(folder: &Path, files: &mut Files) {
    for path in entries(folder) {
        if path.is_dir() {
            check_parts(&path, files);
        } else if name(&path).starts_with('.') {
            files.hidden += 1;
        } else {
            assert!(name(&path).ends_with(".parquet"), "{} is no part", path.display());
            let bytes = fs::read(&path).expect("read a part");
            let is_whole = bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1");
            assert!(is_whole, "{} is torn", path.display());
            files.parts += 1;
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("list a folder").path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

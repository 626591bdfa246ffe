//! The corpora: real JSON documents from public sources, one folder and one manifest a source.
#![allow(dead_code, unreachable_pub)]

use serde_json::Value;
use std::path::{Path, PathBuf};

/// One source.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub files: Vec<File>,
}

/// One file, as its manifest describes it.
#[derive(Debug)]
pub struct File {
    pub name: String,
    /// `json`, `ndjson` and, rarely, others.
    pub format: String,
    /// `valid`, `invalid`, `implementation-defined` or more words.
    pub expect: String,
    /// The JSON Schema it belongs to, and whether it matches.
    pub schema: Option<(String, bool)>,
    /// It is a JSON Schema itself.
    pub is_schema: bool,
    pub bytes: Vec<u8>,
}

/// Where the corpora are: `SLUICE_CORPORA`, else `shared/corpora` beside the checkout.
///
/// None when they are not there, which is said on standard error; with `CI` set that panics.
pub fn find() -> Option<PathBuf> {
    let named = std::env::var_os("SLUICE_CORPORA").map(PathBuf::from);
    let root =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora"));
    if root.join("MANIFEST.json").is_file() {
        return Some(root);
    }
    assert!(std::env::var_os("CI").is_none(), "CI needs the corpora; none at {}", root.display());
    eprintln!("NOT RUN: no corpora at {}; set SLUICE_CORPORA", root.display());
    None
}

/// All sources, in the manifest's order.
pub fn sources(root: &Path) -> Vec<Source> {
    let manifest = manifest(root);
    let names = manifest["sources"].as_object().expect("the manifest lists sources");
    names.keys().map(|name| source(root, name)).collect()
}

/// One source.
pub fn source(root: &Path, name: &str) -> Source {
    let folder = root.join(name);
    let manifest = manifest(&folder);
    let files = manifest["files"].as_array().expect("a source lists files");
    let files = files.iter().map(|file| self::file(&folder, file)).collect();
    Source { name: name.to_owned(), files }
}

fn manifest(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("MANIFEST.json")).expect("a manifest");
    // The notes on some files quote lone surrogates, which are no Unicode text.
    let text = text.replace("\\ud", "?ud").replace("\\uD", "?uD");
    serde_json::from_str(&text).expect("a manifest is JSON")
}

fn file(folder: &Path, file: &Value) -> File {
    let text = |key: &str| file[key].as_str().map(str::to_owned);
    let name = text("file").expect("a file has a name");
    let bytes = std::fs::read(folder.join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let passes = text("schema_expect").map(|expect| expect == "pass");
    File {
        format: text("format").expect("a file has a format"),
        expect: text("expect").expect("a file says what to expect"),
        schema: text("schema").zip(passes),
        is_schema: text("kind").as_deref() == Some("schema"),
        name,
        bytes,
    }
}

/// Numbers that follow from a seed: the same everywhere.
#[derive(Debug)]
pub struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Seeded(seed)
    }

    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `below`, exclusive.
    pub fn below(&mut self, below: usize) -> usize {
        (self.next() % below as u64) as usize
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

//! What the server takes: memory and files.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

/// Linux's page on the machines that this runs on, bytes.
const PAGE_BYTES: u64 = 4_096;

/// Resident memory of a process each second, MB.
pub(crate) fn watch(pid: u32, stop: &AtomicBool) -> Vec<u64> {
    let mut megabytes = Vec::new();
    while !stop.load(Relaxed) {
        let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
        let pages: Option<u64> = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
        megabytes.extend(pages.map(|pages| pages * PAGE_BYTES / 1_000_000));
        thread::sleep(Duration::from_secs(1));
    }
    megabytes
}

/// Parts below a data folder.
pub(crate) fn parts(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let counts = entries.filter_map(Result::ok).map(|entry| {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            parts(&path)
        } else {
            u64::from(name.ends_with(".parquet") && !name.starts_with('.'))
        }
    });
    counts.sum()
}

//! Files that a crash leaves whole or absent.
//!
//! Contents go to a hidden temporary file beside the final name first, are synced, and only then
//! get the name; the folder is synced last. Temporary names are fixed by the final name, so that a
//! retry overwrites what a crash left, and start with a dot, which Hive-style readers skip. Callers
//! hold the folder's lock, and threads of one process wait for one another, so no two writers share
//! a temporary name.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The names that threads of this process write to right now.
static BEING_WRITTEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
static WRITTEN: Condvar = Condvar::new();

/// The right to write to a name, until dropped.
struct Turn<'p>(&'p Path);

impl<'p> Turn<'p> {
    /// Waits until no other thread writes to `path`.
    fn wait(path: &'p Path) -> Self {
        let mut names = WRITTEN
            .wait_while(being_written(), |names| names.contains(path))
            .unwrap_or_else(PoisonError::into_inner);
        names.insert(path.to_owned());
        Turn(path)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        being_written().remove(self.0);
        WRITTEN.notify_all();
    }
}

fn being_written() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    BEING_WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Creates `path` with `bytes` if nothing has that name; says whether it did.
pub(crate) fn create_new(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let _turn = Turn::wait(path);
    let temporary = write_temporary(path, bytes)?;
    // A link, unlike a rename, never replaces what is there.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        Ok(()) => sync_folder(parent_of(path)).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives `path` the content `bytes`, replacing what is there.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let _turn = Turn::wait(path);
    let temporary = write_temporary(path, bytes)?;
    fs::rename(&temporary, path)?;
    sync_folder(parent_of(path))
}

/// Creates the folder and those above it that are missing, and syncs the folder above each.
pub(crate) fn create_folders(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = parent_of(path);
    create_folders(parent)?;
    match fs::create_dir(path) {
        // Another thread of this process was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        result => result?,
    }
    sync_folder(parent)
}

/// Deletes what a killed write of `path` left under its temporary name.
pub(crate) fn remove_temporary(path: &Path) -> io::Result<()> {
    let _turn = Turn::wait(path);
    match fs::remove_file(temporary_of(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The name that a temporary name is for; none for other names.
pub(crate) fn final_name(temporary: &str) -> Option<&str> {
    temporary.strip_prefix('.')?.strip_suffix(".tmp")
}

fn temporary_of(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".tmp");
    path.with_file_name(name)
}

fn write_temporary(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let temporary = temporary_of(path);
    let written = write_synced(&temporary, bytes);
    if written.is_err() {
        // On a full disk the room is needed; a failure here changes nothing.
        let _ = fs::remove_file(&temporary);
    }
    written.map(|()| temporary)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The folder that holds `path`; `.` for a bare name.
pub(crate) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file; the file system keeps names by itself.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{create_folders, create_new, replace};
    use std::fs;

    #[test]
    fn a_name_is_given_once_and_nothing_temporary_stays() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let deep = folder.path().join("a/b/c");
        create_folders(&deep).expect("create folders");
        let path = deep.join("1.json");

        // What a crash left under the temporary name never hurts.
        fs::write(deep.join(".1.json.tmp"), "half").expect("write");
        assert!(create_new(&path, b"first").expect("create"));
        assert!(!create_new(&path, b"second").expect("create"));
        assert_eq!(fs::read(&path).expect("read"), b"first");

        replace(&path, b"third").expect("replace");
        assert_eq!(fs::read(&path).expect("read"), b"third");
        let names: Vec<_> = fs::read_dir(&deep).expect("list").collect();
        assert_eq!(names.len(), 1);
    }
}

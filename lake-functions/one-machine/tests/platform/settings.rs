//! The settings file is taken when it is whole.

use crate::fixture::{open_hearing, options};
use sluice_one_machine::ReloadError;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Writes the file as it was so many seconds ago, so that nobody waits for it.
fn save(path: &Path, text: &str, ago_s: u64) {
    fs::write(path, text).expect("write");
    let file = File::options().write(true).open(path).expect("open");
    let modified = SystemTime::now() - Duration::from_secs(ago_s);
    file.set_modified(modified).expect("set the time");
}

#[test]
fn a_file_that_became_empty_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("sluice.yaml");
    let yaml = "limits: {tables: 1}";
    save(&path, yaml, 500);
    let options = options(&folder.path().join("data"), yaml, Some(path.clone()));
    let (platform, _heard) = open_hearing(options, |_| {});
    platform.reload_settings().expect("it is as it was");
    save(&path, "\n", 400);
    let error = platform.reload_settings().expect_err("it is empty");
    assert!(matches!(error, ReloadError::Empty { .. }), "{error}");
    assert!(error.to_string().ends_with("write {} into the file to have none"), "{error}");
    // What it says to do works, and from then on empty is no change.
    for (text, ago_s) in [("{}", 300), ("", 200), (yaml, 100)] {
        save(&path, text, ago_s);
        platform.reload_settings().expect("it is taken");
    }
    save(&path, "", 50);
    platform.reload_settings().expect_err("it is empty");
}

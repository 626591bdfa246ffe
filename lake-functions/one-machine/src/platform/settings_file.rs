//! The settings file, read again whenever it changes.

use super::background::Shared;
use sluice_normalizer::SettingsError;
use sluice_pipeline::SettingsInForce;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// Why changed settings are not in force; those before still are.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The file cannot be read.
    #[error("read settings {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The file is no settings file.
    #[error("use settings {}", path.display())]
    Use {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SettingsError,
    },
}

/// What a file looked like.
type Stamp = (SystemTime, u64);

/// The file, and what it looked like when it was read last.
#[derive(Debug)]
pub(super) struct SettingsFile {
    path: Option<PathBuf>,
    seen: Mutex<Option<Stamp>>,
}

impl SettingsFile {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        // Read for the first time by the first look: it may have changed since it was parsed.
        SettingsFile { path, seen: Mutex::default() }
    }

    fn changed(&self) -> Option<(&Path, Stamp)> {
        let path = self.path.as_deref()?;
        let metadata = fs::metadata(path).ok()?;
        let stamp = (metadata.modified().ok()?, metadata.len());
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen != Some(stamp)).then_some((path, stamp))
    }
}

impl Shared {
    /// Puts the settings file in force if it has changed.
    pub(super) fn reload_settings(&self) -> Result<(), ReloadError> {
        let Some((path, stamp)) = self.settings_file.changed() else {
            return Ok(());
        };
        let failed = |source| ReloadError::Read { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(failed)?;
        let settings = SettingsInForce::parse(text)
            .map_err(|source| ReloadError::Use { path: path.to_owned(), source })?;
        self.use_settings(settings);
        *self.settings_file.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp);
        Ok(())
    }
}

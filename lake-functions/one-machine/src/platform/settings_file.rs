//! The settings file, read again whenever it changes.
//!
//! Whoever saves a file may empty it first and fill it then, and what stands in it meanwhile may well
//! be settings, fewer of them. Batches planned by those would keep what `ignore` drops, for good. So a
//! changed file is taken once it has been left alone for a moment.

use super::background::Shared;
use sluice_normalizer::SettingsError;
use sluice_pipeline::SettingsInForce;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

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
    /// The file has become empty, which is seldom meant.
    #[error(
        "settings {} are empty while others are in force; write {{}} into the file to have none",
        path.display()
    )]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file goes on changing.
    #[error("settings {} are being written just now", path.display())]
    Changing {
        /// The file.
        path: PathBuf,
    },
}

/// How long a changed file must have been left alone.
const SETTLES_IN: Duration = Duration::from_secs(1);

/// How often to look meanwhile, where somebody waits for it.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Looks after which nobody waits any longer.
const LOOKS_MAX: u32 = 20;

const _: () = assert!(LOOKS_MAX as u128 * LOOK_AGAIN.as_millis() > 2 * SETTLES_IN.as_millis());

/// What a file looked like: when it was changed last, and its size in bytes.
type Stamp = (SystemTime, u64);

/// One moment by both clocks.
#[derive(Debug, Clone, Copy)]
struct Now {
    wall: SystemTime,
    steady: Instant,
}

/// What a look at the file found.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// Nothing that is not in force.
    Same,
    /// It may be half-written.
    Unsettled,
    /// Another text.
    Changed { text: String, stamp: Stamp },
}

/// The file, and what it looked like when it was taken last.
#[derive(Debug)]
pub(super) struct SettingsFile {
    path: Option<PathBuf>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Of the text in force.
    taken: Option<Stamp>,
    /// Of the text that was there last, and since when it has been seen.
    last: Option<(Stamp, Instant)>,
}

impl Now {
    fn read() -> Self {
        Now { wall: SystemTime::now(), steady: Instant::now() }
    }
}

impl SettingsFile {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        // Read for the first time by the first look: it may have changed since it was parsed.
        SettingsFile { path, seen: Mutex::default() }
    }
}

impl Seen {
    fn look(&mut self, path: &Path, now: Now) -> io::Result<Found> {
        // A file that is gone for a moment is being saved; one that is gone for good changes nothing
        // before the next start.
        let Ok(stamp) = stamp(path) else {
            return Ok(Found::Same);
        };
        if self.taken == Some(stamp) {
            return Ok(Found::Same);
        }
        let since = match self.last {
            Some((last, since)) if last == stamp => since,
            _ => now.steady,
        };
        self.last = Some((stamp, since));
        // A file system elsewhere has a clock of its own, which may be ahead: then what counts is how
        // long we have seen the file as it is.
        let left_alone = now.wall.duration_since(stamp.0).unwrap_or_default();
        let left_alone = left_alone.max(now.steady.saturating_duration_since(since));
        if left_alone < SETTLES_IN {
            return Ok(Found::Unsettled);
        }
        let text = fs::read_to_string(path)?;
        let unchanged = self::stamp(path).is_ok_and(|now| now == stamp);
        Ok(if unchanged { Found::Changed { text, stamp } } else { Found::Unsettled })
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.modified()?, metadata.len()))
}

impl Shared {
    /// Puts the settings file in force if it has changed and was left alone since.
    pub(super) fn reload_settings(&self) -> Result<(), ReloadError> {
        self.reload_now().map(|_| ())
    }

    /// Puts the settings file in force if it has changed; waits for it to be left alone.
    pub(super) fn reload_settled_settings(&self) -> Result<(), ReloadError> {
        for _ in 0..LOOKS_MAX {
            let Some(path) = self.reload_now()? else {
                return Ok(());
            };
            if self.arrived.pause(LOOK_AGAIN) {
                return Err(ReloadError::Changing { path });
            }
        }
        let path = self.settings_file.path.clone().unwrap_or_default();
        Err(ReloadError::Changing { path })
    }

    /// Answers the file's path if it is not settled.
    fn reload_now(&self) -> Result<Option<PathBuf>, ReloadError> {
        let Some(path) = self.settings_file.path.clone() else {
            return Ok(None);
        };
        // Held to the end, so that an older text never comes after a newer one.
        let mut seen = self.settings_file.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (text, stamp) = match seen.look(&path, Now::read()) {
            Ok(Found::Same) => return Ok(None),
            Ok(Found::Unsettled) => return Ok(Some(path)),
            Ok(Found::Changed { text, stamp }) => (text, stamp),
            Err(source) => return Err(ReloadError::Read { path, source }),
        };
        if text.trim().is_empty() && !self.settings().settings().is_empty() {
            return Err(ReloadError::Empty { path });
        }
        let settings =
            SettingsInForce::parse(text).map_err(|source| ReloadError::Use { path, source })?;
        self.use_settings(settings);
        seen.taken = Some(stamp);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Now, SETTLES_IN, Seen};
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::{Duration, Instant, SystemTime};

    /// Writes the file as at some time.
    fn save(path: &Path, text: &str, modified: SystemTime) {
        fs::write(path, text).expect("write");
        let file = File::options().write(true).open(path).expect("open");
        file.set_modified(modified).expect("set the time");
    }

    fn look(seen: &mut Seen, path: &Path, now: Now) -> Option<String> {
        match seen.look(path, now).expect("look") {
            Found::Changed { text, stamp } => {
                seen.taken = Some(stamp);
                Some(text)
            }
            Found::Same | Found::Unsettled => None,
        }
    }

    #[test]
    fn a_file_is_taken_once_it_was_left_alone() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("sluice.yaml");
        let (wall, steady) = (SystemTime::now(), Instant::now());
        let at = |ms: u64| {
            let passed = Duration::from_millis(ms);
            Now { wall: wall + passed, steady: steady + passed }
        };
        let mut seen = Seen::default();
        assert_eq!(look(&mut seen, &path, at(0)), None, "there is none");
        save(&path, "old", wall - SETTLES_IN);
        assert_eq!(look(&mut seen, &path, at(0)).as_deref(), Some("old"));
        assert_eq!(look(&mut seen, &path, at(60_000)), None, "it is in force");

        // An editor empties it, fills some of it, and the rest.
        save(&path, "", at(60_000).wall);
        assert_eq!(look(&mut seen, &path, at(60_100)), None);
        save(&path, "tables:", at(60_500).wall);
        assert_eq!(look(&mut seen, &path, at(61_100)), None);
        save(&path, "tables: {}", at(61_200).wall);
        assert_eq!(look(&mut seen, &path, at(62_199)), None);
        assert_eq!(look(&mut seen, &path, at(62_200)).as_deref(), Some("tables: {}"));
        fs::remove_file(&path).expect("remove");
        assert_eq!(look(&mut seen, &path, at(70_000)), None);
    }

    #[test]
    fn a_file_from_the_future_is_taken_too() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("sluice.yaml");
        let (wall, steady) = (SystemTime::now(), Instant::now());
        save(&path, "new", wall + Duration::from_secs(3_600));
        let mut seen = Seen::default();
        assert_eq!(look(&mut seen, &path, Now { wall, steady }), None);
        assert_eq!(look(&mut seen, &path, Now { wall, steady: steady + SETTLES_IN / 2 }), None);
        let now = Now { wall, steady: steady + SETTLES_IN };
        assert_eq!(look(&mut seen, &path, now).as_deref(), Some("new"));
    }
}

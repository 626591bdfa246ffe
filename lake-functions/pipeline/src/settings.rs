//! The settings in force.

use crate::content_hash::ContentHash;
use crate::limits::TABLES_MAX;
use sluice_normalizer::{Settings, SettingsError};

/// The settings in force: the text of `sluice.yaml`, empty when there is none.
#[derive(Debug, Clone)]
pub struct SettingsInForce {
    pub(crate) text: String,
    pub(crate) hash: ContentHash,
    settings: Settings,
}

impl SettingsInForce {
    /// Parses a settings file.
    ///
    /// # Errors
    /// [`SettingsError`] says what is wrong and where.
    pub fn parse(text: String) -> Result<Self, SettingsError> {
        let settings = Settings::from_yaml(&text)?;
        Ok(SettingsInForce { hash: ContentHash::sha256(text.as_bytes()), text, settings })
    }

    /// How many root tables there may be.
    #[must_use]
    pub fn tables_max(&self) -> u32 {
        self.settings.tables_max().unwrap_or(TABLES_MAX)
    }

    /// The parsed settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

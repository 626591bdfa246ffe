//! The lake: parts, registry versions, settings.

use super::{Created, PortError};
use crate::content_hash::ContentHash;
use sluice_normalizer::{Registry, TableName};

/// Keeps what readers read. Nobody ever sees half of anything in it.
pub trait LakeStore {
    /// The newest registry version, or the empty one of a generation that was never written.
    ///
    /// # Errors
    /// [`PortError`].
    fn latest_registry(
        &self,
        table: &TableName,
        generation: u32,
    ) -> impl Future<Output = Result<Registry, PortError>> + Send;

    /// One registry version; version 0 is the empty one.
    ///
    /// # Errors
    /// [`PortError::Damaged`] when there is no such version, too.
    fn registry(
        &self,
        table: &TableName,
        generation: u32,
        version: u64,
    ) -> impl Future<Output = Result<Registry, PortError>> + Send;

    /// Keeps a registry version, unless the version exists: it is immutable.
    ///
    /// # Errors
    /// [`PortError`].
    fn create_registry(
        &self,
        registry: &Registry,
    ) -> impl Future<Output = Result<Created, PortError>> + Send;

    /// Keeps the text of a settings file under its hash.
    ///
    /// # Errors
    /// [`PortError`].
    fn keep_settings(
        &self,
        hash: &ContentHash,
        text: &str,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// The text of a settings file.
    ///
    /// # Errors
    /// [`PortError::Damaged`] when it was never kept, too.
    fn settings(
        &self,
        hash: &ContentHash,
    ) -> impl Future<Output = Result<String, PortError>> + Send;

    /// Writes a part, over one of the same key.
    ///
    /// # Errors
    /// [`PortError`].
    fn write_part(
        &self,
        key: &str,
        content: &[u8],
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// A part's bytes, none when there is no such part.
    ///
    /// # Errors
    /// [`PortError`].
    fn part(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, PortError>> + Send;
}

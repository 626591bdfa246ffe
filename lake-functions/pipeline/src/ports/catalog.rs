//! The catalog: what the SQL engine is told.

use super::PortError;
use sluice_normalizer::{Registry, TableName};

/// What the catalog shows of a table's generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The registry version.
    pub version: u64,
}

/// Shows tables and their views.
pub trait Catalog {
    /// Shows the registry's tables, children included, and their views; changes nothing when it
    /// shows this version of the generation or a higher one.
    ///
    /// # Errors
    /// [`PortError`].
    fn show(&self, registry: &Registry) -> impl Future<Output = Result<(), PortError>> + Send;

    /// What it shows of a generation, none when nothing.
    ///
    /// # Errors
    /// [`PortError`].
    fn shown(
        &self,
        table: &TableName,
        generation: u32,
    ) -> impl Future<Output = Result<Option<Shown>, PortError>> + Send;
}

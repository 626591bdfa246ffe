//! The catalog `sluice` with its schemas `lake` and `lake_files`.

use super::part_reader::PartReaders;
use super::scan::PartsTable;
use super::{schema, view};
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::TableType;
use sluice_normalizer::athena::{FILES_DATABASE, VIEW_DATABASE, physical_columns, reject_columns};
use sluice_normalizer::{REJECTS_TABLE, TableSchema};
use sluice_one_machine::{Part, Snapshot, TableSnapshot};
use std::sync::Arc;

/// The catalog's name.
pub(crate) const CATALOG: &str = "sluice";

/// All catalogs there are: the lake.
#[derive(Debug)]
pub(crate) struct LakeCatalogs(Arc<Lake>);

/// One snapshot, and how its parts are opened.
#[derive(Debug)]
struct Lake {
    snapshot: Arc<Snapshot>,
    readers: Arc<PartReaders>,
}

/// Where a table of the snapshot stands.
enum Found<'l> {
    Rejects,
    Table { root: &'l TableSnapshot, schema: &'l TableSchema },
}

impl LakeCatalogs {
    pub(crate) fn new(snapshot: Arc<Snapshot>, readers: Arc<PartReaders>) -> Self {
        LakeCatalogs(Arc::new(Lake { snapshot, readers }))
    }
}

impl CatalogProviderList for LakeCatalogs {
    /// Nothing is ever added.
    fn register_catalog(
        &self,
        _name: String,
        _catalog: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![CATALOG.to_owned()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        (name == CATALOG).then(|| Arc::new(LakeCatalog(Arc::clone(&self.0))) as _)
    }
}

#[derive(Debug)]
struct LakeCatalog(Arc<Lake>);

impl CatalogProvider for LakeCatalog {
    fn schema_names(&self) -> Vec<String> {
        vec![VIEW_DATABASE.to_owned(), FILES_DATABASE.to_owned()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let lake = Arc::clone(&self.0);
        match name {
            VIEW_DATABASE => Some(Arc::new(Views(lake))),
            FILES_DATABASE => Some(Arc::new(Files(lake))),
            _ => None,
        }
    }
}

/// The schema `lake`.
#[derive(Debug)]
struct Views(Arc<Lake>);

/// The schema `lake_files`.
#[derive(Debug)]
struct Files(Arc<Lake>);

#[async_trait]
impl SchemaProvider for Views {
    fn table_names(&self) -> Vec<String> {
        self.0.names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        self.0.view(name)
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::View))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.0.find(name).is_some()
    }
}

#[async_trait]
impl SchemaProvider for Files {
    fn table_names(&self) -> Vec<String> {
        self.0.names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.0.find(name).map(|found| self.0.files(name, &found) as _))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.0.find(name).is_some()
    }
}

impl Lake {
    fn names(&self) -> Vec<String> {
        let tables = self.snapshot.tables.values().flat_map(|root| &root.registry.tables);
        let names = tables.map(|table| table.name.clone());
        names.chain([REJECTS_TABLE.to_owned()]).collect()
    }

    /// A child's name is its root's, then `__` and more; a root's has no `__`.
    fn find(&self, name: &str) -> Option<Found<'_>> {
        if name == REJECTS_TABLE {
            return Some(Found::Rejects);
        }
        let root = name.split_once("__").map_or(name, |(root, _)| root);
        let root = self.snapshot.tables.get(root)?;
        let schema = root.registry.tables.iter().find(|table| table.name == name)?;
        Some(Found::Table { root, schema })
    }

    fn files(&self, name: &str, found: &Found<'_>) -> Arc<PartsTable> {
        let (columns, parts) = match found {
            Found::Rejects => {
                (schema::in_files(reject_columns()), Arc::clone(&self.snapshot.rejects))
            }
            Found::Table { root, schema } => {
                let parts: Arc<Vec<Arc<Part>>> =
                    root.parts.get(name).map(Arc::clone).unwrap_or_default();
                (schema::in_files(physical_columns(schema)), parts)
            }
        };
        Arc::new(PartsTable::new(columns, parts, Arc::clone(&self.readers)))
    }

    fn view(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(found) = self.find(name) else { return Ok(None) };
        let files = self.files(name, &found);
        let view = match found {
            Found::Rejects => view::of_rejects(files),
            Found::Table { schema, .. } => view::of_table(schema, files),
        };
        Ok(Some(Arc::new(view?)))
    }
}

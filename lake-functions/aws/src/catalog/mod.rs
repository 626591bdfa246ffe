//! The catalog in Glue: what Athena is told.
//!
//! Database `lake_files` has the physical tables, `lake` the views that people query. A generation's
//! physical tables have names of their own (`orders`, then `sluice_g2__orders`), so that a rebuilt
//! generation stands beside the current one and the switch is a change of views alone. The views show
//! the *visible* generation: the first one until [`Views::switch`]. Showing another generation
//! raises its physical tables and touches no view.
//!
//! Each table carries which registry version it was written for (`sluice.generation`,
//! `sluice.version`) and only ever goes up, by compare and set. Physical tables come before views, the
//! root after its children (D7); so what a generation shows is what its root says: the root view's
//! version for the visible generation, the root physical table's for others.
//!
//! A warm process makes no call when nothing changed.

mod definition;
mod fault;
mod limits;
mod marks;
mod raise;
mod shown;

use aws_sdk_glue::Client;
use aws_sdk_glue::types::Table;
use definition::{Definition, Definitions};
use fault::{Damage, Fault};
use futures::stream::{self, TryStreamExt};
use limits::CALLS_AT_ONCE;
use marks::Marks;
use shown::ShownHere;
use sluice_normalizer::athena::{FILES_DATABASE, VIEW_DATABASE, declared_rejects, physical_name};
use sluice_normalizer::{Registry, TableName};
use sluice_pipeline::{Catalog, Intent, PortError, Shown, Switched, Views};
use std::collections::HashSet;
use std::sync::Arc;

/// The catalog. Clones share what they remember.
#[derive(Debug, Clone)]
pub struct GlueCatalog {
    client: Client,
    location: String,
    rejects_first_date: Option<String>,
    shown: Arc<ShownHere>,
}

impl GlueCatalog {
    /// The catalog of a lake. `location`: where it starts, `s3://bucket` or `s3://bucket/prefix`,
    /// without a last slash.
    #[must_use]
    pub fn new(client: Client, location: String) -> Self {
        GlueCatalog { client, location, rejects_first_date: None, shown: Arc::default() }
    }

    /// The first day of which queries look for rejects (`YYYY-MM-DD`), where the table
    /// `sluice_rejects` is not there yet; without it a day before any Sluice. No registry knows it:
    /// a batch of rejects alone changes none.
    #[must_use]
    pub fn with_rejects_from(mut self, date: String) -> Self {
        self.rejects_first_date = Some(date);
        self
    }

    /// The physical tables of a registry's generation that are there; removes them if asked to. The
    /// generation must not be the visible one.
    ///
    /// # Errors
    /// [`PortError`]; some may be removed then.
    pub async fn clear_physical(
        &self,
        registry: &Registry,
        intent: Intent,
    ) -> Result<Vec<String>, PortError> {
        let Registry { table, generation, .. } = registry;
        let found = self.find_physical(registry, intent).await;
        found.map_err(|fault| fault.at(format!("remove generation {generation} of {table}")))
    }

    async fn find_physical(
        &self,
        registry: &Registry,
        intent: Intent,
    ) -> Result<Vec<String>, Fault> {
        let mut found = Vec::new();
        // Children first: while the root is there, who was interrupted finds the rest.
        for table in registry.tables.iter().rev() {
            let name = physical_name(&table.name, registry.generation);
            let marks = self.marks(FILES_DATABASE, &name).await?;
            let ours = |marks: &Marks| {
                marks.table == registry.table && marks.generation == registry.generation
            };
            if !marks.as_ref().is_some_and(ours) {
                continue;
            }
            if intent == Intent::Act {
                self.remove(FILES_DATABASE, &name).await?;
            }
            found.push(name);
        }
        Ok(found)
    }

    async fn show_registry(&self, registry: &Registry) -> Result<(), Fault> {
        if self.shown.covers(registry) {
            return Ok(());
        }
        self.show_rejects().await?;
        let definitions = Definitions::of(registry, &self.location)?;
        self.raise_children_then_root(&definitions.physical).await?;
        // After the physical tables: `switch` looks at them after the views, so one of the two
        // notices the other.
        let visible = self.visible_generation(&registry.table).await?.unwrap_or(1);
        if visible == registry.generation {
            self.raise_children_then_root(&definitions.views).await?;
        }
        self.shown.learn_version(registry);
        Ok(())
    }

    async fn switch_views(&self, registry: &Registry) -> Result<Switched, Fault> {
        let definitions = Definitions::of(registry, &self.location)?;
        self.raise_children_then_root(&definitions.physical).await?;
        // The root first: who shows the old generation late sees it and leaves the others alone.
        if let Some((root, children)) = definitions.views.split_first() {
            self.raise(root).await?;
            self.raise_all(children).await?;
        }
        self.remove_left_over(registry, &definitions.views).await?;
        let root = physical_name(&registry.table, registry.generation);
        let stands = self.marks(FILES_DATABASE, &root).await?;
        match stands.map(|marks| marks.version) {
            Some(version) if version > registry.version => Ok(Switched::Behind { version }),
            _ => Ok(Switched::Done),
        }
    }

    /// Views of the table's children in earlier generations that this one does not have.
    async fn remove_left_over(
        &self,
        registry: &Registry,
        views: &[Definition],
    ) -> Result<(), Fault> {
        let kept: HashSet<&str> = views.iter().map(|view| view.name.as_str()).collect();
        let mut pages = self
            .client
            .get_tables()
            .database_name(VIEW_DATABASE)
            // A table name has no signs that mean something in a pattern.
            .expression(format!("{}__.*", registry.table))
            .into_paginator()
            .send();
        let mut listed = Vec::new();
        while let Some(page) = pages.try_next().await? {
            listed.extend(page.table_list.unwrap_or_default());
        }
        for table in listed {
            let old = Marks::of(&table)?.is_some_and(|marks| {
                marks.table == registry.table && marks.generation < registry.generation
            });
            if old && !kept.contains(table.name()) {
                self.remove(VIEW_DATABASE, table.name()).await?;
            }
        }
        Ok(())
    }

    async fn raise_children_then_root(&self, definitions: &[Definition]) -> Result<(), Fault> {
        if let Some((root, children)) = definitions.split_first() {
            self.raise_all(children).await?;
            self.raise(root).await?;
        }
        Ok(())
    }

    async fn raise_all(&self, definitions: &[Definition]) -> Result<(), Fault> {
        stream::iter((0..definitions.len()).map(Ok))
            .try_for_each_concurrent(CALLS_AT_ONCE, |at| self.raise(&definitions[at]))
            .await
    }

    /// Makes `sluice_rejects` and its view if they are missing.
    async fn show_rejects(&self) -> Result<(), Fault> {
        if self.shown.rejects() {
            return Ok(());
        }
        let declared = declared_rejects(&self.location, self.rejects_first_date.as_deref());
        for definition in Definition::of_rejects(&declared)? {
            self.raise(&definition).await?;
        }
        self.shown.learn_rejects();
        Ok(())
    }

    /// The generation that the views of a root table show, none when there is no view.
    async fn visible_generation(&self, table: &str) -> Result<Option<u32>, Fault> {
        Ok(self.marks(VIEW_DATABASE, table).await?.map(|marks| marks.generation))
    }

    async fn marks(&self, database: &str, name: &str) -> Result<Option<Marks>, Fault> {
        let found: Option<Table> = self.table(database, name).await?;
        Ok(found.map(|table| Marks::of(&table)).transpose()?.flatten())
    }

    async fn find_shown(&self, table: &str, generation: u32) -> Result<Option<Shown>, Fault> {
        let view = self.marks(VIEW_DATABASE, table).await?;
        if let Some(marks) = view.as_ref().filter(|marks| marks.generation == generation) {
            return Ok(Some(Shown { version: marks.version }));
        }
        if view.is_none() && generation == 1 {
            // Its physical tables may be there, but what people query is not.
            return Ok(None);
        }
        let physical = self.marks(FILES_DATABASE, &physical_name(table, generation)).await?;
        Ok(physical.map(|marks| Shown { version: marks.version }))
    }
}

impl Catalog for GlueCatalog {
    /// Views change only when the generation is the visible one; see [`Views::switch`].
    async fn show(&self, registry: &Registry) -> Result<(), PortError> {
        let Registry { table, generation, version, .. } = registry;
        let what = || format!("show version {version} of {table}, generation {generation}");
        let valid = TableName::parse(table).map(|_| ());
        let valid = valid.map_err(|_| Damage::TableName { name: table.clone() });
        valid.map_err(|damage| Fault::from(damage).at(what()))?;
        self.show_registry(registry).await.map_err(|fault| fault.at(what()))
    }

    async fn shown(&self, table: &TableName, generation: u32) -> Result<Option<Shown>, PortError> {
        let found = self.find_shown(table.as_str(), generation).await;
        found.map_err(|fault| fault.at(format!("read what is shown of {table}")))
    }
}

impl Views for GlueCatalog {
    /// Views of child tables that the generation does not have are removed. The old generation's
    /// physical tables stay.
    async fn switch(&self, registry: &Registry) -> Result<Switched, PortError> {
        let Registry { table, generation, version, .. } = registry;
        let what = || format!("switch {table} to generation {generation}, version {version}");
        self.switch_views(registry).await.map_err(|fault| fault.at(what()))
    }
}

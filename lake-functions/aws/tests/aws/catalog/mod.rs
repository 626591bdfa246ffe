//! The catalog on Glue.

mod conformance;
mod definitions;
mod generations;
mod hard_answers;
mod races;

use crate::harness::Emulator;
use aws_sdk_glue::types::Table;
use sluice_aws::GlueCatalog;
use sluice_normalizer::{ColumnSchema, Kind, Registry, TableName, TableSchema};
use std::sync::atomic::{AtomicU32, Ordering};

const LOCATION: &str = "s3://bucket/lake";

/// A catalog that remembers nothing, like a cold process.
async fn catalog(emulator: Emulator) -> GlueCatalog {
    let client = emulator.aws().await.glue();
    GlueCatalog::new(client, LOCATION.to_owned()).with_rejects_from("2026-01-01".to_owned())
}

/// All catalogs of an emulator are one; so each test has root tables of its own.
fn table(kind: &str) -> TableName {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    TableName::parse(&format!("{kind}{number}")).expect("a table name")
}

fn column(name: &str, path: &str, kind: &str) -> ColumnSchema {
    ColumnSchema {
        name: name.to_owned(),
        path: path.to_owned(),
        kind: Kind::from_word(kind).expect("a kind"),
        since: 1,
        exact: true,
    }
}

fn child(root: &TableName, path: &str) -> TableSchema {
    TableSchema {
        name: format!("{root}__{path}"),
        parent: Some(root.to_string()),
        path: format!("/{path}"),
        since: 1,
        columns: vec![column("x", "/x", "boolean")],
    }
}

/// A registry whose root has as many columns as the version says: `c1`, `c2`, …
fn registry(table: &TableName, generation: u32, version: u64) -> Registry {
    let mut registry = Registry { version, ..Registry::empty(table, generation) };
    registry.first_date = Some("2026-02-03".to_owned());
    registry.tables[0].columns = (1..=version)
        .map(|number| column(&format!("c{number}"), &format!("/c{number}"), "bigint"))
        .collect();
    registry
}

async fn find(emulator: Emulator, database: &str, name: &str) -> Option<Table> {
    let get = emulator.aws().await.glue().get_table().database_name(database).name(name);
    match get.send().await {
        Ok(found) => found.table,
        Err(error) if error.as_service_error()?.is_entity_not_found_exception() => None,
        Err(error) => panic!("get table: {error:?}"),
    }
}

fn column_names(table: &Table) -> Vec<&str> {
    let storage = table.storage_descriptor().expect("a storage descriptor");
    storage.columns().iter().map(aws_sdk_glue::types::Column::name).collect()
}

fn parameter<'t>(table: &'t Table, name: &str) -> &'t str {
    &table.parameters().expect("parameters")[name]
}

//! What Glue is told of a table and its view.

use super::{LOCATION, catalog, child, column, find, parameter, registry, table};
use crate::harness::Emulator;
use aws_sdk_glue::types::{Column, Table};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sluice_normalizer::athena::{rejects_statements, statements};
use sluice_pipeline::Catalog;
use std::collections::BTreeMap;

fn columns(columns: &[Column]) -> Vec<(&str, &str, &str)> {
    columns
        .iter()
        .map(|column| {
            let kind = column.r#type().unwrap_or_default();
            (column.name(), kind, column.comment().unwrap_or_default())
        })
        .collect()
}

fn parameters(table: &Table) -> BTreeMap<&str, &str> {
    let parameters = table.parameters().expect("parameters").iter();
    let own = parameters.filter(|(name, _)| *name != "sluice.digest");
    own.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The definition within `ViewOriginalText`.
fn definition(view: &Table) -> Value {
    let text = view.view_original_text().expect("a view's text");
    let base64 = text.strip_prefix("/* Presto View: ").and_then(|text| text.strip_suffix(" */"));
    let json = STANDARD.decode(base64.expect("its form")).expect("base64");
    serde_json::from_slice(&json).expect("JSON")
}

/// The query of the statement that `sluice schema --ddl athena` prints.
fn select<'s>(statements: &'s [String], view: &str) -> &'s str {
    let start = format!("CREATE OR REPLACE VIEW \"lake\".\"{view}\" AS\n");
    statements.iter().find_map(|statement| statement.strip_prefix(&start)).expect("the view")
}

async fn as_told(emulator: Emulator) {
    let name = table("told");
    let mut registry = registry(&name, 1, 1);
    registry.tables[0].columns.extend([
        column("c1__double", "/c1", "double"),
        column("at", "/at", "timestamp"),
        column("lists", "/li'sts\n", "list_list_number"),
        column("mixed", "/mixed", "json"),
        column("long", &format!("/{}", "l".repeat(999)), "boolean"),
    ]);
    registry.tables.push(child(&name, "items"));
    catalog(emulator).await.show(&registry).await.expect("show");

    let physical = find(emulator, "lake_files", name.as_str()).await.expect("a physical table");
    assert_eq!(physical.table_type(), Some("EXTERNAL_TABLE"));
    let storage = physical.storage_descriptor().expect("storage");
    let long = format!("/{}", "l".repeat(254));
    let expected = [
        ("_id", "string", ""),
        ("_row", "bigint", ""),
        ("_received_at", "timestamp", ""),
        ("_principal", "string", ""),
        ("c1", "bigint", "/c1"),
        ("c1__double", "double", "/c1"),
        ("at", "timestamp", "/at"),
        ("lists", "array<array<string>>", "/li'sts?"),
        ("mixed", "string", "/mixed"),
        ("long", "boolean", &long),
        ("_rest", "string", ""),
    ];
    assert_eq!(columns(storage.columns()), expected);
    let partitions = columns(physical.partition_keys());
    assert_eq!(partitions, [("tier", "string", ""), ("ingest_date", "string", "")]);
    assert_eq!(storage.location(), Some(format!("{LOCATION}/{name}/g1/").as_str()));
    let serde = storage.serde_info().expect("a SerDe");
    assert_eq!(
        [storage.input_format(), storage.output_format(), serde.serialization_library()],
        [
            Some("org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"),
            Some("org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"),
            Some("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"),
        ]
    );
    let template = format!("{LOCATION}/{name}/g1/tier=${{tier}}/ingest_date=${{ingest_date}}");
    let expected = BTreeMap::from([
        ("EXTERNAL", "TRUE"),
        ("classification", "parquet"),
        ("projection.enabled", "true"),
        ("projection.ingest_date.format", "yyyy-MM-dd"),
        ("projection.ingest_date.range", "2026-02-03,NOW+1DAYS"),
        ("projection.ingest_date.type", "date"),
        ("projection.tier.type", "enum"),
        ("projection.tier.values", "live,compact,late"),
        ("sluice.generation", "1"),
        ("sluice.table", name.as_str()),
        ("sluice.version", "1"),
        ("storage.location.template", &template),
    ]);
    assert_eq!(parameters(&physical), expected);

    let view = find(emulator, "lake", name.as_str()).await.expect("a view");
    assert_eq!(view.table_type(), Some("VIRTUAL_VIEW"));
    assert_eq!(view.view_expanded_text(), Some("/* Presto View */"));
    let expected = BTreeMap::from([
        ("comment", "Presto View"),
        ("presto_view", "true"),
        ("sluice.generation", "1"),
        ("sluice.table", name.as_str()),
        ("sluice.version", "1"),
    ]);
    assert_eq!(parameters(&view), expected);
    let expected = [
        ("_id", "string", ""),
        ("_row", "bigint", ""),
        ("_received_at", "timestamp", ""),
        ("_principal", "string", ""),
        ("c1", "double", "/c1"),
        ("at", "timestamp", "/at"),
        ("lists", "array<array<string>>", "/li'sts?"),
        ("mixed", "string", "/mixed"),
        ("long", "boolean", &long),
        ("_rest", "string", ""),
        ("ingest_date", "string", ""),
    ];
    assert_eq!(columns(view.storage_descriptor().expect("storage").columns()), expected);
    let statements = statements(&registry, LOCATION);
    let sql_types = [
        ("_id", "varchar"),
        ("_row", "bigint"),
        ("_received_at", "timestamp(3)"),
        ("_principal", "varchar"),
        ("c1", "double"),
        ("at", "timestamp(3)"),
        ("lists", "array(array(varchar))"),
        ("mixed", "varchar"),
        ("long", "boolean"),
        ("_rest", "varchar"),
        ("ingest_date", "varchar"),
    ]
    .map(|(name, kind)| json!({"name": name, "type": kind}));
    let expected = json!({
        "originalSql": select(&statements, name.as_str()),
        "catalog": "awsdatacatalog",
        "schema": "lake",
        "columns": sql_types,
    });
    assert_eq!(definition(&view), expected);

    let items = format!("{name}__items");
    let view = find(emulator, "lake", &items).await.expect("the child's view");
    assert_eq!(definition(&view)["originalSql"], select(&statements, &items));
    let physical = find(emulator, "lake_files", &items).await.expect("the child");
    let location = physical.storage_descriptor().and_then(|storage| storage.location());
    assert_eq!(location, Some(format!("{LOCATION}/{items}/g1/").as_str()));

    // Rejects are there as soon as anything is.
    let statements = rejects_statements(LOCATION, Some("2026-01-01"));
    let view = find(emulator, "lake", "sluice_rejects").await.expect("the rejects' view");
    assert_eq!(definition(&view)["originalSql"], select(&statements, "sluice_rejects"));
    let physical = find(emulator, "lake_files", "sluice_rejects").await.expect("the rejects");
    let range = parameter(&physical, "projection.ingest_date.range");
    assert_eq!(range, "2026-01-01,NOW+1DAYS");
}

#[tokio::test]
async fn tables_and_views_are_as_told_on_moto() {
    as_told(Emulator::Moto).await;
}

#[tokio::test]
async fn tables_and_views_are_as_told_on_ministack() {
    as_told(Emulator::Ministack).await;
}

#[tokio::test]
async fn the_widest_table_fits() {
    let name = table("wide");
    let mut registry = registry(&name, 1, 1);
    // As many columns as the limit on a view's text lets in (`budget.rs`): 200 characters each.
    registry.tables[0].columns = (0..510)
        .map(|number| {
            let key = format!("{number:0>200}");
            column(&format!("c{}", &key[1..]), &format!("/{key}"), "string")
        })
        .collect();
    catalog(Emulator::Moto).await.show(&registry).await.expect("show");
    let view = find(Emulator::Moto, "lake", name.as_str()).await.expect("a view");
    let bytes = view.view_original_text().expect("its text").len();
    assert!((290_000..310_000).contains(&bytes), "{bytes}");
    // One that no settings let in is refused before Glue is asked.
    registry.version = 2;
    registry.tables[0].columns = (0..1_000)
        .map(|number| column(&format!("c{number:0>199}"), &format!("/{number}"), "string"))
        .collect();
    let error = catalog(Emulator::Moto).await.show(&registry).await.expect_err("too long");
    assert!(matches!(error, sluice_pipeline::PortError::Damaged { .. }), "{error:?}");
}

//! The views that people query: the same as `athena`'s, as plans.

use super::lake::CATALOG;
use super::scan::PartsTable;
use super::schema::{INGEST_DATE, TIER};
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::catalog::view::ViewTable;
use datafusion::common::{Column, Result, TableReference};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, cast, lit};
use sluice_normalizer::athena::{
    FILES_DATABASE, Shows, physical_columns, reject_columns, view_columns,
};
use sluice_normalizer::{REJECTS_TABLE, TableSchema};
use std::collections::HashSet;
use std::sync::Arc;

/// Lineage, what the view shows of the data, `_rest`, `ingest_date`.
pub(super) fn of_table(schema: &TableSchema, files: Arc<PartsTable>) -> Result<ViewTable> {
    let table = reference(&schema.name);
    let data: HashSet<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
    let own = physical_columns(schema).map(|(name, _)| name).filter(|name| !data.contains(name));
    let own: Vec<&str> = own.collect();
    // `_rest` is the last of the columns that are no data.
    let (rest, lineage) = own.split_last().expect("a table has lineage columns and `_rest`");
    let mut shown: Vec<Expr> = Vec::new();
    shown.extend(lineage.iter().map(|name| column(&table, name)));
    shown.extend(view_columns(schema).iter().map(|shown| match &shown.shows {
        Shows::Physical(physical) => column(&table, &physical.name),
        Shows::Numbers { bigint, double } => {
            let integers = cast(column(&table, &bigint.name), DataType::Float64);
            coalesce(vec![column(&table, &double.name), integers]).alias(shown.name)
        }
    }));
    shown.push(column(&table, rest));
    build(table, shown, files)
}

/// The rejects' columns and `ingest_date`.
pub(super) fn of_rejects(files: Arc<PartsTable>) -> Result<ViewTable> {
    let table = reference(REJECTS_TABLE);
    let shown = reject_columns().map(|(name, _)| column(&table, name)).collect();
    build(table, shown, files)
}

fn build(table: TableReference, mut shown: Vec<Expr>, files: Arc<PartsTable>) -> Result<ViewTable> {
    shown.push(column(&table, INGEST_DATE));
    let live = column(&table, TIER).eq(lit("live"));
    let plan = LogicalPlanBuilder::scan(table, provider_as_source(files), None)?
        .filter(live)?
        .project(shown)?
        .build()?;
    Ok(ViewTable::new(plan, None))
}

fn reference(name: &str) -> TableReference {
    TableReference::full(CATALOG, FILES_DATABASE, name)
}

fn column(table: &TableReference, name: &str) -> Expr {
    Expr::Column(Column::new(Some(table.clone()), name))
}

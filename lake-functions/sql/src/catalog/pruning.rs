//! Which parts a query's filters leave.

use super::schema;
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::Schema;
use datafusion::catalog::Session;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use sluice_one_machine::Part;
use std::collections::HashSet;
use std::sync::Arc;

/// Whether the part's tier and date alone decide about the filter.
pub(super) fn decides(filter: &Expr) -> bool {
    let partitions = [schema::TIER, schema::INGEST_DATE];
    !filter.is_volatile()
        && !has_subquery(filter)
        && filter.column_refs().iter().all(|column| partitions.contains(&column.name()))
        && !filter.column_refs().is_empty()
}

fn has_subquery(filter: &Expr) -> bool {
    let subquery = |expr: &Expr| {
        Ok(matches!(
            expr,
            Expr::ScalarSubquery(_)
                | Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::OuterReferenceColumn(..)
        ))
    };
    filter.exists(subquery).unwrap_or(true)
}

/// The parts for which all `filters` that look at tier and date alone are true. They are
/// evaluated once per tier and date, of which there are few, and not per part.
pub(super) fn remaining(
    session: &dyn Session,
    filters: &[Expr],
    parts: &[Arc<Part>],
) -> Result<Vec<Arc<Part>>> {
    let deciding = filters.iter().filter(|filter| decides(filter)).cloned();
    let Some(filter) = conjunction(deciding) else { return Ok(parts.to_vec()) };
    let places = places(parts);
    let kept = evaluate(session, filter, &places)?;
    Ok(parts.iter().filter(|part| kept.contains(&place(part))).map(Arc::clone).collect())
}

type Place<'p> = (&'p str, &'p str);

fn place(part: &Part) -> Place<'_> {
    (&part.tier, &part.ingest_date)
}

fn places(parts: &[Arc<Part>]) -> Vec<Place<'_>> {
    let mut places: Vec<Place<'_>> = parts.iter().map(|part| place(part)).collect();
    places.sort_unstable();
    places.dedup();
    places
}

fn evaluate<'p>(
    session: &dyn Session,
    filter: Expr,
    places: &[Place<'p>],
) -> Result<HashSet<Place<'p>>> {
    let schema = Arc::new(Schema::new(schema::of_partitions()));
    let filter = session
        .create_physical_expr(unqualified(filter)?, &DFSchema::try_from(Arc::clone(&schema))?)?;
    let tiers: ArrayRef = Arc::new(StringViewArray::from_iter_values(places.iter().map(|p| p.0)));
    let dates: ArrayRef = Arc::new(StringViewArray::from_iter_values(places.iter().map(|p| p.1)));
    let batch = RecordBatch::try_new(schema, vec![tiers, dates])?;
    let answer = filter.evaluate(&batch)?.into_array(batch.num_rows())?;
    let answer = as_boolean_array(&answer)?;
    let kept = places.iter().zip(answer).filter(|(_, kept)| *kept == Some(true));
    Ok(kept.map(|(place, _)| *place).collect())
}

/// The filter says `lake_files.t.tier`, the partitions' schema only `tier`.
fn unqualified(filter: Expr) -> Result<Expr> {
    let stripped = filter.transform(|expr| {
        Ok(match expr {
            Expr::Column(column) => Transformed::yes(Expr::Column(Column::from_name(column.name))),
            other => Transformed::no(other),
        })
    })?;
    Ok(stripped.data)
}

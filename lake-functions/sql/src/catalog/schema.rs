//! The columns of the lake as Arrow's.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use sluice_normalizer::{Kind, Scalar};
use std::sync::Arc;

/// The columns in a table's files, in the catalog's order. All can be null: an older part lacks
/// the newer ones.
pub(super) fn in_files<'a>(columns: impl Iterator<Item = (&'a str, Kind)>) -> SchemaRef {
    let fields = columns.map(|(name, kind)| Field::new(name, arrow_type(kind), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns in the files' paths.
pub(super) fn of_partitions() -> Vec<FieldRef> {
    [TIER, INGEST_DATE]
        .map(|name| Arc::new(Field::new(name, DataType::Utf8View, false)))
        .into_iter()
        .collect()
}

pub(super) const TIER: &str = "tier";
pub(super) const INGEST_DATE: &str = "ingest_date";

fn arrow_type(kind: Kind) -> DataType {
    match kind {
        // Views: joins and filters then repeat a long text without copying it.
        Kind::Json | Kind::Scalar(Scalar::Number | Scalar::String) => DataType::Utf8View,
        Kind::Scalar(scalar) => of_scalar(scalar),
        Kind::List { levels, item } => (0..levels).fold(of_scalar(item), |inner, _| {
            DataType::List(Arc::new(Field::new("element", inner, true)))
        }),
    }
}

fn of_scalar(scalar: Scalar) -> DataType {
    match scalar {
        Scalar::Boolean => DataType::Boolean,
        Scalar::Bigint => DataType::Int64,
        Scalar::Double => DataType::Float64,
        Scalar::Number | Scalar::String => DataType::Utf8,
        Scalar::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
    }
}

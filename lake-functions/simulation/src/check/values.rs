//! A stored value and the JSON value it was made of.

use parquet::basic::Type as Physical;
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use serde_json::Value;
use sluice_normalizer::{Kind, Scalar, TableSchema};

use crate::documents::IGNORED;

/// What is wrong with the columns of a part, by the newest registry (I-3).
pub(super) fn misfit(schema: &TableSchema, file: &Type) -> Option<String> {
    for field in file.get_fields().iter().filter(|field| !field.name().starts_with('_')) {
        let name = field.name();
        let Some(column) = schema.columns.iter().find(|column| column.name == name) else {
            return Some(format!("column {name} is in no registry version"));
        };
        let physical = field.is_primitive().then(|| field.get_physical_type());
        if physical != stored_as(column.kind) {
            return Some(format!("column {name} is {physical:?}, and {} registered", column.kind));
        }
    }
    None
}

/// None for a list.
fn stored_as(kind: Kind) -> Option<Physical> {
    match kind {
        Kind::Scalar(Scalar::Boolean) => Some(Physical::BOOLEAN),
        Kind::Scalar(Scalar::Bigint | Scalar::Timestamp) => Some(Physical::INT64),
        Kind::Scalar(Scalar::Double) => Some(Physical::DOUBLE),
        Kind::Scalar(Scalar::Number | Scalar::String) | Kind::Json => Some(Physical::BYTE_ARRAY),
        Kind::List { .. } => None,
    }
}

/// What is wrong with a row: every value it has is that of its source, and every scalar of its
/// source is in it (I-3, I-4). `source`: the record, or the element of a child row.
pub(super) fn wrong(schema: &TableSchema, row: &Row, source: &Value) -> Option<String> {
    let mut stored = 0;
    for (name, field) in row.get_column_iter().filter(|(name, _)| !name.starts_with('_')) {
        if matches!(field, Field::Null) {
            continue;
        }
        let column = schema.columns.iter().find(|column| column.name == *name)?;
        let posted = source.pointer(&column.path);
        if !posted.is_some_and(|posted| same(field, posted)) {
            return Some(format!("{name} is {field:?}, and was posted as {posted:?}"));
        }
        stored += 1;
    }
    let posted = scalars(source);
    let without_ignored = posted - usize::from(source.get(IGNORED).is_some());
    (stored != posted && stored != without_ignored)
        .then(|| format!("{stored} of {posted} values are stored of {source}"))
}

fn same(field: &Field, posted: &Value) -> bool {
    match field {
        Field::Bool(stored) => posted.as_bool() == Some(*stored),
        Field::Long(stored) => posted.as_i64() == Some(*stored),
        Field::Double(stored) => posted.as_f64().is_some_and(|posted| posted == *stored),
        Field::Str(stored) => posted.as_str() == Some(stored),
        Field::ListInternal(stored) => posted.as_array().is_some_and(|posted| {
            let stored = stored.elements();
            stored.len() == posted.len() && stored.iter().zip(posted).all(|(a, b)| same(a, b))
        }),
        _ => false,
    }
}

/// Values of a record that have a column: scalars that are not null, and lists of them.
fn scalars(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Object(members) => members.values().map(scalars).sum(),
        Value::Array(elements) => {
            usize::from(!elements.is_empty() && !elements.iter().any(Value::is_object))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

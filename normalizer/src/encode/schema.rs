//! The schema of a part: Parquet types that Athena accepts, and Arrow field metadata beside them.

use super::EncodeError;
use crate::kind::{Kind, Scalar};
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions};
use arrow_schema::{DataType, Field as ArrowField, Schema, TimeUnit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parquet::basic::{LogicalType, Repetition, TimeUnit as ParquetTimeUnit, Type as PhysicalType};
use parquet::schema::types::{Type, TypePtr};
use std::collections::HashMap;
use std::sync::Arc;

/// The key under which Arrow readers look for the Arrow schema.
const ARROW_SCHEMA_KEY: &str = "ARROW:schema";

/// The field metadata key of a column's source path.
const PATH_KEY: &str = "sluice:path";

/// The field metadata key of a column's kind.
const KIND_KEY: &str = "sluice:kind";

/// One top-level field of a part.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    /// Every row has a value.
    pub(super) required: bool,
    /// JSON Pointer of a data column.
    pub(super) path: Option<&'a str>,
}

/// The Parquet schema of `fields`.
pub(super) fn parquet_schema(fields: &[Field<'_>]) -> Result<TypePtr, EncodeError> {
    let types = fields.iter().map(parquet_field).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("schema").with_fields(types).build()?))
}

fn parquet_field(field: &Field<'_>) -> Result<TypePtr, EncodeError> {
    let repetition = if field.required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    match field.kind {
        Kind::Json => primitive(field.name, Scalar::String, repetition),
        Kind::Scalar(scalar) => primitive(field.name, scalar, repetition),
        Kind::List { levels, item } => list(field.name, levels, item),
    }
}

fn list(name: &str, levels: u8, item: Scalar) -> Result<TypePtr, EncodeError> {
    let element = match levels {
        1 => primitive("element", item, Repetition::OPTIONAL)?,
        _ => list("element", levels - 1, item)?,
    };
    let repeated = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![element])
        .build()?;
    let list = Type::group_type_builder(name)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(repeated)])
        .build()?;
    Ok(Arc::new(list))
}

fn primitive(name: &str, scalar: Scalar, repetition: Repetition) -> Result<TypePtr, EncodeError> {
    let (physical, logical) = match scalar {
        Scalar::Boolean => (PhysicalType::BOOLEAN, None),
        Scalar::Bigint => (PhysicalType::INT64, None),
        Scalar::Double => (PhysicalType::DOUBLE, None),
        Scalar::Number | Scalar::String => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        Scalar::Timestamp => {
            (PhysicalType::INT64, Some(LogicalType::timestamp(true, ParquetTimeUnit::MILLIS)))
        }
    };
    let primitive = Type::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .build()?;
    Ok(Arc::new(primitive))
}

/// The footer's key and value that give Arrow readers the fields' metadata.
pub(super) fn arrow_schema_entry(fields: &[Field<'_>]) -> (String, String) {
    let fields: Vec<ArrowField> = fields.iter().map(arrow_field).collect();
    let schema = Schema::new(fields);
    let encoded = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(
        &schema,
        &mut DictionaryTracker::new(true),
        &IpcWriteOptions::default(),
    );
    // An encapsulated IPC message: continuation marker, length, metadata.
    let message = encoded.ipc_message;
    let mut bytes = Vec::with_capacity(message.len() + 8);
    bytes.extend_from_slice(&[0xff; 4]);
    bytes.extend_from_slice(&(message.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&message);
    (ARROW_SCHEMA_KEY.to_owned(), STANDARD.encode(bytes))
}

fn arrow_field(field: &Field<'_>) -> ArrowField {
    let arrow = ArrowField::new(field.name, arrow_type(field.kind), !field.required);
    match field.path {
        None => arrow,
        Some(path) => arrow.with_metadata(HashMap::from([
            (PATH_KEY.to_owned(), path.to_owned()),
            (KIND_KEY.to_owned(), field.kind.to_string()),
        ])),
    }
}

fn arrow_type(kind: Kind) -> DataType {
    match kind {
        Kind::Json => DataType::Utf8,
        Kind::Scalar(scalar) => arrow_scalar(scalar),
        Kind::List { levels, item } => (0..levels).fold(arrow_scalar(item), |inner, _| {
            DataType::List(Arc::new(ArrowField::new("element", inner, true)))
        }),
    }
}

fn arrow_scalar(scalar: Scalar) -> DataType {
    match scalar {
        Scalar::Boolean => DataType::Boolean,
        Scalar::Bigint => DataType::Int64,
        Scalar::Double => DataType::Float64,
        Scalar::Number | Scalar::String => DataType::Utf8,
        Scalar::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
    }
}

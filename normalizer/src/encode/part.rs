//! One part: a table's rows of one batch as a Parquet file.

use super::EncodeError;
use super::column;
use super::lineage::{self, Lineage};
use super::pages::Pages;
use super::schema::{Field, arrow_schema_entry, parquet_schema};
use crate::kind::{Kind, Scalar};
use crate::shape::{Column, Shaped, ShapedTable};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::sync::Arc;

/// One column of a part. Lineage is made when its turn comes, so that no two such columns are in
/// memory together.
pub(super) enum Source<'s> {
    Data(&'s Column),
    Lineage(Lineage),
}

/// Encodes one table of a shaped batch.
pub(super) fn table(shaped: &Shaped, at: usize, batch: &str) -> Result<Vec<u8>, EncodeError> {
    let table: &ShapedTable = &shaped.tables[at];
    let schema = &shaped.registry().tables[table.place];
    let mut columns = lineage::columns(table.parent.is_some(), shaped);
    for (place, column) in &table.columns {
        let column_schema = &schema.columns[*place];
        let field = Field {
            name: &column_schema.name,
            kind: column_schema.kind,
            required: false,
            path: Some(&column_schema.path),
        };
        columns.push((field, Source::Data(column)));
    }
    if table.rest.rows.first().is_some() {
        let kind = Kind::Scalar(Scalar::String);
        let field = Field { name: "_rest", kind, required: false, path: None };
        columns.push((field, Source::Data(&table.rest)));
    }
    let registry = shaped.registry();
    let about = [
        ("sluice.table", schema.name.clone()),
        ("sluice.generation", registry.generation.to_string()),
        ("sluice.registry_version", registry.version.to_string()),
        ("sluice.batch", batch.to_owned()),
    ];
    encode(&columns, table.lineage.rows, &about, |lineage| lineage::column(shaped, at, lineage))
}

/// Encodes the batch's rows of `sluice_rejects`.
pub(super) fn rejects(shaped: &Shaped, batch: &str) -> Result<Vec<u8>, EncodeError> {
    let columns = lineage::reject_columns(shaped);
    let about =
        [("sluice.table", super::REJECTS_TABLE.to_owned()), ("sluice.batch", batch.to_owned())];
    encode(&columns, shaped.rejects.len(), &about, |lineage| {
        lineage::reject_column(shaped, lineage)
    })
}

fn encode(
    columns: &[(Field<'_>, Source<'_>)],
    rows: u32,
    about: &[(&str, String)],
    make: impl Fn(Lineage) -> Column,
) -> Result<Vec<u8>, EncodeError> {
    let fields: Vec<Field<'_>> = columns.iter().map(|(field, _)| field.clone()).collect();
    let (arrow_key, arrow_schema) = arrow_schema_entry(&fields);
    let mut entries = vec![KeyValue::new(arrow_key, arrow_schema)];
    entries.extend(about.iter().map(|(k, v)| KeyValue::new((*k).to_owned(), v.clone())));
    let properties = WriterProperties::builder()
        .set_created_by(concat!("sluice version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Pages::codec())
        .set_key_value_metadata(Some(entries))
        .build();
    let schema = parquet_schema(&fields)?;
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let descriptors = file.schema_descr().columns().to_vec();
    let mut pages = Pages::new()?;
    let mut group = file.next_row_group()?;
    for ((field, source), descriptor) in columns.iter().zip(descriptors) {
        let made;
        let column = match source {
            Source::Data(column) => *column,
            Source::Lineage(lineage) => {
                made = make(*lineage);
                &made
            }
        };
        let (bytes, close) = column::encode(&mut pages, descriptor, column, rows, field.required)?;
        group.append_column(&bytes, close)?;
    }
    group.close()?;
    Ok(file.into_inner()?)
}

//! What Athena is told: a physical table in `lake_files` and the view over it that people query.

mod ddl;
mod declared;
mod presto_view;

use crate::kind::{Kind, Scalar};
use crate::registry::{ColumnSchema, TableSchema};

pub use ddl::{rejects_statements, statements};
pub use declared::{
    Declared, DeclaredColumn, PARTITION_COLUMNS, PhysicalTable, View, declared, declared_rejects,
    physical_name,
};

/// The database of the physical tables.
pub const FILES_DATABASE: &str = "lake_files";

/// The database of the views, which is the one to query.
pub const VIEW_DATABASE: &str = "lake";

/// Where partition projection starts when no part is known: before the first Sluice.
const DEFAULT_FIRST_DATE: &str = "2020-01-01";

/// The type as DDL writes it: `string`, `array<bigint>`.
#[must_use]
pub fn athena_type(kind: Kind) -> String {
    match kind {
        Kind::Json => "string".to_owned(),
        Kind::Scalar(scalar) => scalar_type(scalar).to_owned(),
        Kind::List { levels, item } => {
            (0..levels).fold(scalar_type(item).to_owned(), |inner, _| format!("array<{inner}>"))
        }
    }
}

/// The type as SQL shows it: `varchar`, `array(bigint)`.
#[must_use]
pub fn sql_type(kind: Kind) -> String {
    let scalar = |scalar| match scalar {
        Scalar::Number | Scalar::String => "varchar",
        scalar => scalar_type(scalar),
    };
    match kind {
        Kind::Scalar(kind) => scalar(kind).to_owned(),
        Kind::Json => "varchar".to_owned(),
        Kind::List { levels, item } => {
            let levels = usize::from(levels);
            format!("{}{}{}", "array(".repeat(levels), scalar(item), ")".repeat(levels))
        }
    }
}

/// The columns of the view over a table: name and, where two physical columns show as one, both.
#[must_use]
pub fn view_columns(table: &TableSchema) -> Vec<ViewColumn<'_>> {
    let mut columns: Vec<ViewColumn<'_>> = Vec::new();
    for column in &table.columns {
        let twin = table.at_path(&column.path).find(|other| {
            other.kind != column.kind
                && column.kind.is_numeric_scalar()
                && column.agrees_with(other)
        });
        let Some(twin) = twin else {
            columns.push(ViewColumn { name: &column.name, shows: Shows::Physical(column) });
            continue;
        };
        let shown = columns.iter().any(|shown| shown.name == twin.name);
        if !shown {
            let (bigint, double) = match column.kind {
                Kind::Scalar(Scalar::Bigint) => (column, twin),
                _ => (twin, column),
            };
            let shows = Shows::Numbers { bigint, double };
            columns.push(ViewColumn { name: &column.name, shows });
        }
    }
    columns
}

/// One data column of a view.
#[derive(Debug)]
pub struct ViewColumn<'r> {
    /// Its name in the view: that of the physical column that came first.
    pub name: &'r str,
    /// Where its values come from.
    pub shows: Shows<'r>,
}

/// What a view's column is made of.
#[derive(Debug)]
pub enum Shows<'r> {
    /// One physical column as it is.
    Physical(&'r ColumnSchema),
    /// Bigints and doubles of one path as doubles, which rounds none of them.
    Numbers {
        /// The integers.
        bigint: &'r ColumnSchema,
        /// The other numbers.
        double: &'r ColumnSchema,
    },
}

const ROOT_LINEAGE: &[(&str, Scalar)] = &[
    ("_id", Scalar::String),
    ("_row", Scalar::Bigint),
    ("_received_at", Scalar::Timestamp),
    ("_principal", Scalar::String),
];

const CHILD_LINEAGE: &[(&str, Scalar)] = &[
    ("_id", Scalar::String),
    ("_row", Scalar::Bigint),
    ("_received_at", Scalar::Timestamp),
    ("_index", Scalar::Bigint),
    ("_path", Scalar::String),
    ("_parent", Scalar::String),
];

const REJECT_COLUMNS: &[(&str, Scalar)] = &[
    ("_id", Scalar::String),
    ("_row", Scalar::Bigint),
    ("_received_at", Scalar::Timestamp),
    ("table_name", Scalar::String),
    ("code", Scalar::String),
    ("message", Scalar::String),
    ("pointer", Scalar::String),
    ("content", Scalar::String),
    ("content_encoding", Scalar::String),
];

fn lineage(table: &TableSchema) -> &'static [(&'static str, Scalar)] {
    if table.parent.is_some() { CHILD_LINEAGE } else { ROOT_LINEAGE }
}

/// The columns of a physical table in their order: lineage, data, `_rest`; the partition columns
/// `tier` and `ingest_date` (both strings) come after them.
pub fn physical_columns(table: &TableSchema) -> impl Iterator<Item = (&str, Kind)> {
    let plain = |&(name, scalar): &(&'static str, Scalar)| (name, Kind::Scalar(scalar));
    let data = table.columns.iter().map(|column| (column.name.as_str(), column.kind));
    lineage(table).iter().map(plain).chain(data).chain([("_rest", Kind::Scalar(Scalar::String))])
}

/// The same of `sluice_rejects`, which all tables share.
pub fn reject_columns() -> impl Iterator<Item = (&'static str, Kind)> {
    REJECT_COLUMNS.iter().map(|&(name, scalar)| (name, Kind::Scalar(scalar)))
}

/// The properties by which Athena finds a table's parts without partitions in the catalog.
#[must_use]
pub fn projection(table: &PhysicalTable) -> Vec<(&'static str, String)> {
    vec![
        ("projection.enabled", "true".to_owned()),
        ("projection.tier.type", "enum".to_owned()),
        ("projection.tier.values", "live,compact,late".to_owned()),
        ("projection.ingest_date.type", "date".to_owned()),
        ("projection.ingest_date.format", "yyyy-MM-dd".to_owned()),
        ("projection.ingest_date.range", format!("{},NOW+1DAYS", table.first_date)),
        (
            "storage.location.template",
            format!("{}/tier=${{tier}}/ingest_date=${{ingest_date}}", table.prefix),
        ),
    ]
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn scalar_type(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Boolean => "boolean",
        Scalar::Bigint => "bigint",
        Scalar::Double => "double",
        Scalar::Number | Scalar::String => "string",
        Scalar::Timestamp => "timestamp",
    }
}

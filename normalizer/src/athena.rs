//! What Athena is told: a physical table in `lake_files` and the view over it that people query.

use crate::encode::REJECTS_TABLE;
use crate::kind::{Kind, Scalar};
use crate::registry::{ColumnSchema, Registry, TableSchema};
use std::fmt::Write;

/// The database of the physical tables.
pub const FILES_DATABASE: &str = "lake_files";

/// The database of the views, which is the one to query.
pub const VIEW_DATABASE: &str = "lake";

/// A column comment's bound in Glue, characters.
const COMMENT_CHARS_MAX: usize = 255;

/// A column as the catalog names it.
struct Told {
    name: String,
    /// Athena's DDL type.
    kind: Kind,
    comment: Option<String>,
}

/// The statements that declare a registry's tables and views, in an order in which they can run,
/// also over an earlier version's: tables are dropped and made again, files stay.
/// `location`: where the lake starts, `s3://bucket` or `s3://bucket/prefix`, without a last slash.
#[must_use]
pub fn statements(registry: &Registry, location: &str) -> Vec<String> {
    let first_date = registry.first_date.as_deref();
    let mut statements = Vec::new();
    for table in &registry.tables {
        let physical = physical_name(&table.name, registry.generation);
        let prefix = format!("{location}/{}/g{}", table.name, registry.generation);
        statements.push(drop_ddl(&physical));
        statements.push(table_ddl(&physical, &told(table), &prefix, first_date));
        statements.push(view_ddl(&table.name, &physical, &shown(table)));
    }
    statements
}

/// The same for `sluice_rejects`. `first_date`: the earliest ingest date of any reject.
#[must_use]
pub fn rejects_statements(location: &str, first_date: Option<&str>) -> Vec<String> {
    let columns: Vec<Told> = REJECT_COLUMNS
        .iter()
        .map(|&(name, scalar)| Told {
            name: name.to_owned(),
            kind: Kind::Scalar(scalar),
            comment: None,
        })
        .collect();
    let shown: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    let prefix = format!("{location}/{REJECTS_TABLE}/g1");
    vec![
        drop_ddl(REJECTS_TABLE),
        table_ddl(REJECTS_TABLE, &columns, &prefix, first_date),
        view_ddl(REJECTS_TABLE, REJECTS_TABLE, &shown),
    ]
}

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

/// The name of a generation's physical table. Later generations stand beside the first until the
/// view switches; `sluice_` keeps their names out of the users' way.
fn physical_name(table: &str, generation: u32) -> String {
    match generation {
        1 => table.to_owned(),
        generation => format!("sluice_g{generation}__{table}"),
    }
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

/// The physical columns: lineage, data, `_rest`.
fn told(table: &TableSchema) -> Vec<Told> {
    let plain = |(name, scalar): &(&str, Scalar)| Told {
        name: (*name).to_owned(),
        kind: Kind::Scalar(*scalar),
        comment: None,
    };
    let data = table.columns.iter().map(|column| Told {
        name: column.name.clone(),
        kind: column.kind,
        comment: Some(comment(&column.path)),
    });
    let rest = [("_rest", Scalar::String)];
    lineage(table).iter().map(plain).chain(data).chain(rest.iter().map(plain)).collect()
}

fn comment(path: &str) -> String {
    path.chars().take(COMMENT_CHARS_MAX).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Takes away what an earlier version declared; the table is external, so its files stay.
fn drop_ddl(name: &str) -> String {
    format!("DROP TABLE IF EXISTS `{FILES_DATABASE}`.`{name}`")
}

fn table_ddl(name: &str, columns: &[Told], prefix: &str, first_date: Option<&str>) -> String {
    let mut ddl = format!("CREATE EXTERNAL TABLE `{FILES_DATABASE}`.`{name}` (\n");
    for (i, column) in columns.iter().enumerate() {
        let comma = if i + 1 == columns.len() { "" } else { "," };
        let comment = column.comment.as_deref().filter(|comment| !comment.is_empty());
        let comment = comment.map_or(String::new(), |comment| {
            format!(" COMMENT '{}'", comment.replace('\\', "\\\\").replace('\'', "\\'"))
        });
        let kind = athena_type(column.kind);
        let _ = writeln!(ddl, "  `{}` {kind}{comment}{comma}", column.name);
    }
    let range = format!("{},NOW+1DAYS", first_date.unwrap_or("2020-01-01"));
    let _ = write!(
        ddl,
        ")\nPARTITIONED BY (`tier` string, `ingest_date` string)\n\
         STORED AS PARQUET\n\
         LOCATION '{prefix}/'\n\
         TBLPROPERTIES (\n  \
         'projection.enabled' = 'true',\n  \
         'projection.tier.type' = 'enum',\n  \
         'projection.tier.values' = 'live,compact,late',\n  \
         'projection.ingest_date.type' = 'date',\n  \
         'projection.ingest_date.format' = 'yyyy-MM-dd',\n  \
         'projection.ingest_date.range' = '{range}',\n  \
         'storage.location.template' = '{prefix}/tier=${{tier}}/ingest_date=${{ingest_date}}'\n)"
    );
    ddl
}

fn shown(table: &TableSchema) -> Vec<String> {
    let mut shown: Vec<String> = lineage(table).iter().map(|(name, _)| quoted(name)).collect();
    shown.extend(view_columns(table).iter().map(|column| match &column.shows {
        Shows::Physical(column) => quoted(&column.name),
        Shows::Numbers { bigint, double } => format!(
            "COALESCE({}, CAST({} AS double)) AS {}",
            quoted(&double.name),
            quoted(&bigint.name),
            quoted(column.name)
        ),
    }));
    shown.push(quoted("_rest"));
    shown
}

fn view_ddl(name: &str, physical: &str, columns: &[String]) -> String {
    format!(
        "CREATE OR REPLACE VIEW \"{VIEW_DATABASE}\".\"{name}\" AS\nSELECT\n  {},\n  \
         \"ingest_date\"\nFROM \"{FILES_DATABASE}\".\"{physical}\"\nWHERE \"tier\" = 'live'",
        columns.join(",\n  ")
    )
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

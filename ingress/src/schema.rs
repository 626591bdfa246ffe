//! `sluice schema`: what a lake's tables look like, for people, for programs, for Athena.

use crate::failure::Failure;
use crate::output;
use crate::parse::Format;
use crate::text::{Align, Columns};
use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use serde::Serialize;
use sluice_normalizer::{ColumnSchema, Kind, Registry, Scalar, TableSchema, athena};
use sluice_one_machine::LakeFolder;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Show the tables of a lake: columns, types, where each comes from, conflicts.
///
/// A conflict is one source path that holds several kinds of values; each kind has a column of its
/// own, so nothing is lost and no query breaks. Child tables stand below their parent.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  Every table of a lake; one table; the same for programs:
      sluice schema lake
      sluice schema lake orders
      sluice schema lake orders --format json

  Statements that declare the lake in Athena, once it lies in a bucket:
      sluice schema lake --ddl athena --location s3://my-lake > lake.sql")]
pub(crate) struct SchemaArgs {
    /// The folder of the lake
    #[arg(value_name = "DIR")]
    lake: PathBuf,

    /// Only this table and its child tables [default: all]
    table: Option<String>,

    /// How the tables are shown
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "ddl")]
    format: Format,

    /// Print the SQL that declares physical tables and views
    #[arg(long, value_enum, requires = "location")]
    ddl: Option<Ddl>,

    /// Where the lake lies for that SQL engine
    #[arg(long, value_name = "s3://BUCKET", requires = "ddl", value_parser = parse_location)]
    location: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ddl {
    /// Amazon Athena
    Athena,
}

/// Runs the command.
pub(crate) fn run(args: &SchemaArgs) -> Result<ExitCode, Failure> {
    let lake = LakeFolder::at(&args.lake);
    let registries = registries(&lake, args)?;
    match (args.ddl, &args.location, args.format) {
        (Some(Ddl::Athena), Some(location), _) => {
            output::print(&athena_text(&lake, args, &registries, location)?)?;
        }
        (_, _, Format::Json) => output::print_json(&LakeJson::of(&registries))?,
        (_, _, Format::Text) => output::print(&text(&registries))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The registries asked for, newest versions, by table name.
fn registries(lake: &LakeFolder, args: &SchemaArgs) -> Result<Vec<Registry>, Failure> {
    let read = || -> anyhow::Result<Vec<Registry>> {
        std::fs::read_dir(lake.root())
            .with_context(|| format!("read {}", lake.root().display()))?;
        let latest = |table| Ok(lake.latest_registry(&table, lake.generation(&table)?)?);
        lake.tables()?.into_iter().map(latest).collect()
    };
    let mut registries = read().map_err(|error| {
        Failure::failed(error).next("give the folder that sluice normalize --out was given")
    })?;
    if registries.is_empty() {
        let error = anyhow!("{} holds no tables", lake.root().display());
        return Err(
            Failure::failed(error).next("give the folder that sluice normalize --out was given")
        );
    }
    if let Some(name) = &args.table {
        let names: Vec<_> = registries.iter().map(|registry| registry.table.clone()).collect();
        registries.retain(|registry| registry.table == name.to_ascii_lowercase());
        if registries.is_empty() {
            let error = anyhow!("{} has no table {name}", lake.root().display());
            return Err(Failure::failed(error).next(format!("choose one of {}", names.join(", "))));
        }
    }
    Ok(registries)
}

fn text(registries: &[Registry]) -> String {
    let mut out = String::new();
    for (index, registry) in registries.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let Registry { table, generation, version, .. } = registry;
        let _ = write!(out, "{table}: generation {generation}, version {version}");
        if let Some(date) = &registry.first_date {
            let _ = write!(out, ", first date {date}");
        }
        out.push('\n');
        write_columns(&mut out, registry.root(), 2);
        write_children(&mut out, registry, registry.root(), 2);
    }
    out
}

fn write_children(out: &mut String, registry: &Registry, parent: &TableSchema, indent: usize) {
    let parent_name = Some(parent.name.as_str());
    for child in registry.tables.iter().filter(|table| table.parent.as_deref() == parent_name) {
        let source = if child.path.is_empty() { "its elements" } else { &child.path };
        let _ = writeln!(out, "\n{:indent$}{}: from {source}", "", child.name);
        write_columns(out, child, indent + 2);
        write_children(out, registry, child, indent + 2);
    }
}

fn write_columns(out: &mut String, table: &TableSchema, indent: usize) {
    let mut columns =
        Columns::new([Align::Left, Align::Left, Align::Left, Align::Right, Align::Left]);
    columns.row(["column", "type", "source", "since", ""].map(str::to_owned));
    for column in &table.columns {
        let source = if column.path.is_empty() { "(the element)" } else { &column.path };
        columns.row([
            column.name.clone(),
            sql_type(column.kind),
            source.to_owned(),
            column.since.to_string(),
            neighbour(table, column).map(Neighbour::words).unwrap_or_default(),
        ]);
    }
    columns.write(out, indent);
}

/// How a column shares its source path with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Neighbour<'a> {
    /// Bigint and double that the view shows as one double.
    OneDouble,
    /// The path holds a kind that people query as another column.
    Conflict { other: &'a str },
}

impl Neighbour<'_> {
    fn words(self) -> String {
        match self {
            Neighbour::OneDouble => "one double in the view".to_owned(),
            Neighbour::Conflict { other } => format!("conflict with {other}"),
        }
    }
}

fn neighbour<'a>(table: &'a TableSchema, column: &'a ColumnSchema) -> Option<Neighbour<'a>> {
    let mut others = table.at_path(&column.path).filter(|other| other.kind != column.kind);
    let shows_both = |other: &ColumnSchema| {
        let numbers = column.kind.is_numeric_scalar() && other.kind.is_numeric_scalar();
        numbers && column.exact && other.exact
    };
    let first = others.next()?;
    match std::iter::once(first).chain(others).find(|other| !shows_both(other)) {
        None => Some(Neighbour::OneDouble),
        Some(other) => Some(Neighbour::Conflict { other: &other.name }),
    }
}

/// The type as SQL shows it in Athena.
fn sql_type(kind: Kind) -> String {
    let scalar = |scalar| match scalar {
        Scalar::Boolean => "boolean",
        Scalar::Bigint => "bigint",
        Scalar::Double => "double",
        Scalar::Number | Scalar::String => "varchar",
        Scalar::Timestamp => "timestamp",
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

/// The JSON of `--format json`; fields are only ever added.
#[derive(Debug, Serialize)]
struct LakeJson {
    tables: Vec<RegistryJson>,
}

#[derive(Debug, Serialize)]
struct RegistryJson {
    table: String,
    generation: u32,
    version: u64,
    first_date: Option<String>,
    /// The root table first, then its child tables.
    tables: Vec<TableJson>,
}

#[derive(Debug, Serialize)]
struct TableJson {
    name: String,
    parent: Option<String>,
    path: String,
    since: u64,
    columns: Vec<ColumnJson>,
}

#[derive(Debug, Serialize)]
struct ColumnJson {
    name: String,
    #[serde(rename = "type")]
    sql_type: String,
    kind: Kind,
    path: String,
    since: u64,
    conflict: bool,
}

impl LakeJson {
    fn of(registries: &[Registry]) -> Self {
        let column = |table: &TableSchema, column: &ColumnSchema| ColumnJson {
            name: column.name.clone(),
            sql_type: sql_type(column.kind),
            kind: column.kind,
            path: column.path.clone(),
            since: column.since,
            conflict: matches!(neighbour(table, column), Some(Neighbour::Conflict { .. })),
        };
        let table = |table: &TableSchema| TableJson {
            name: table.name.clone(),
            parent: table.parent.clone(),
            path: table.path.clone(),
            since: table.since,
            columns: table.columns.iter().map(|schema| column(table, schema)).collect(),
        };
        let registry = |registry: &Registry| RegistryJson {
            table: registry.table.clone(),
            generation: registry.generation,
            version: registry.version,
            first_date: registry.first_date.clone(),
            tables: registry.tables.iter().map(table).collect(),
        };
        LakeJson { tables: registries.iter().map(registry).collect() }
    }
}

fn athena_text(
    lake: &LakeFolder,
    args: &SchemaArgs,
    registries: &[Registry],
    location: &str,
) -> Result<String, Failure> {
    let databases = [athena::FILES_DATABASE, athena::VIEW_DATABASE];
    let create = |database| format!("CREATE DATABASE IF NOT EXISTS {database}");
    let mut statements: Vec<String> = databases.map(create).into();
    for registry in registries {
        statements.extend(athena::statements(registry, location));
    }
    // The rejects of all tables are one table: declared with all of them.
    let first_date = lake.rejects_first_date().map_err(Failure::failed)?;
    if let (None, Some(date)) = (&args.table, first_date) {
        statements.extend(athena::rejects_statements(location, Some(&date)));
    }
    Ok(statements.join(";\n\n") + ";\n")
}

fn parse_location(text: &str) -> Result<String, String> {
    let location = text.trim_end_matches('/');
    let allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '\'' | '"' | '`' | '\\' | ';');
    if !location.contains("://") || !location.chars().all(allowed) {
        return Err("not a location like s3://my-lake".to_owned());
    }
    Ok(location.to_owned())
}

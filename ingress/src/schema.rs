//! `sluice schema`: what a lake's tables look like, for people, for programs, for Athena.

use crate::failure::Failure;
use crate::output;
use crate::parse::Format;
use crate::text::{Align, Columns, plain};
use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use serde::Serialize;
use sluice_normalizer::{ColumnSchema, Kind, REJECTS_TABLE, Registry, TableSchema, athena};
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
    let shown = Shown::read(&lake, args)?;
    match (args.ddl, &args.location, args.format) {
        (Some(Ddl::Athena), Some(location), _) => output::print(&athena_text(&shown, location))?,
        (_, _, Format::Json) => output::print_json(&LakeJson::of(&shown))?,
        (_, _, Format::Text) => output::print(&text(&shown))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What was asked for.
struct Shown {
    /// Newest versions, by table name.
    registries: Vec<Registry>,
    /// The earliest date of the rejects, which all tables share; none when there are none.
    rejects_first_date: Option<String>,
}

impl Shown {
    fn read(lake: &LakeFolder, args: &SchemaArgs) -> Result<Self, Failure> {
        const NEXT: &str = "give the folder that sluice normalize --out was given";
        let read = || -> anyhow::Result<Shown> {
            std::fs::read_dir(lake.root())
                .with_context(|| format!("read {}", lake.root().display()))?;
            let latest = |table| Ok(lake.latest_registry(&table, lake.generation(&table)?)?);
            let registries: anyhow::Result<_> = lake.tables()?.into_iter().map(latest).collect();
            Ok(Shown { registries: registries?, rejects_first_date: lake.rejects_first_date()? })
        };
        let mut shown = read().map_err(|error| Failure::failed(error).next(NEXT))?;
        if shown.names().is_empty() {
            let error = anyhow!("{} holds no tables", lake.root().display());
            return Err(Failure::failed(error).next(NEXT));
        }
        if let Some(name) = &args.table {
            let all = shown.names().join(", ");
            let name_asked = name.to_ascii_lowercase();
            shown.registries.retain(|registry| registry.table == name_asked);
            shown.rejects_first_date.take_if(|_| name_asked != REJECTS_TABLE);
            if shown.names().is_empty() {
                let error = anyhow!("{} has no table {name}", lake.root().display());
                return Err(Failure::failed(error).next(format!("choose one of {all}")));
            }
        }
        Ok(shown)
    }

    fn names(&self) -> Vec<&str> {
        let rejects = self.rejects_first_date.iter().map(|_| REJECTS_TABLE);
        self.registries.iter().map(|registry| registry.table.as_str()).chain(rejects).collect()
    }
}

fn text(shown: &Shown) -> String {
    let mut out = String::new();
    for registry in &shown.registries {
        let Registry { table, generation, version, .. } = registry;
        let _ = write!(out, "{table}: generation {generation}, version {version}");
        if let Some(date) = &registry.first_date {
            let _ = write!(out, ", first date {date}");
        }
        out.push('\n');
        write_columns(&mut out, registry.root(), 2);
        write_children(&mut out, registry, registry.root(), 2);
        out.push('\n');
    }
    if let Some(date) = &shown.rejects_first_date {
        let _ = writeln!(out, "{REJECTS_TABLE}: the rejects of all tables, first date {date}");
        let mut columns = Columns::new([Align::Left, Align::Left]);
        columns.row(["column", "type"].map(str::to_owned));
        for (name, kind) in athena::reject_columns() {
            columns.row([name.to_owned(), athena::sql_type(kind)]);
        }
        columns.write(&mut out, 2);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn write_children(out: &mut String, registry: &Registry, parent: &TableSchema, indent: usize) {
    let parent_name = Some(parent.name.as_str());
    for child in registry.tables.iter().filter(|table| table.parent.as_deref() == parent_name) {
        let source = if child.path.is_empty() { "its elements" } else { &child.path };
        let _ = writeln!(out, "\n{:indent$}{}: from {}", "", child.name, plain(source));
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
            athena::sql_type(column.kind),
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
    let others = || table.at_path(&column.path).filter(|other| other.kind != column.kind);
    if let Some(other) = others().find(|other| !column.agrees_with(other)) {
        return Some(Neighbour::Conflict { other: &other.name });
    }
    let numbers = column.kind.is_numeric_scalar() && others().next().is_some();
    numbers.then_some(Neighbour::OneDouble)
}

/// The JSON of `--format json`; fields are only ever added.
#[derive(Debug, Serialize)]
struct LakeJson {
    tables: Vec<RegistryJson>,
    /// `sluice_rejects`, when there are rejects.
    rejects: Option<RejectsJson>,
}

#[derive(Debug, Serialize)]
struct RejectsJson {
    table: &'static str,
    first_date: String,
    columns: Vec<RejectColumnJson>,
}

#[derive(Debug, Serialize)]
struct RejectColumnJson {
    name: &'static str,
    #[serde(rename = "type")]
    sql_type: String,
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
    fn of(shown: &Shown) -> Self {
        let column = |table: &TableSchema, column: &ColumnSchema| ColumnJson {
            name: column.name.clone(),
            sql_type: athena::sql_type(column.kind),
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
        let columns = || {
            let columns = athena::reject_columns();
            columns.map(|(name, kind)| RejectColumnJson { name, sql_type: athena::sql_type(kind) })
        };
        let rejects = shown.rejects_first_date.as_ref().map(|date| RejectsJson {
            table: REJECTS_TABLE,
            first_date: date.clone(),
            columns: columns().collect(),
        });
        LakeJson { tables: shown.registries.iter().map(registry).collect(), rejects }
    }
}

fn athena_text(shown: &Shown, location: &str) -> String {
    let databases = [athena::FILES_DATABASE, athena::VIEW_DATABASE];
    let create = |database| format!("CREATE DATABASE IF NOT EXISTS {database}");
    let mut statements: Vec<String> = databases.map(create).into();
    for registry in &shown.registries {
        statements.extend(athena::statements(registry, location));
    }
    if let Some(date) = &shown.rejects_first_date {
        statements.extend(athena::rejects_statements(location, Some(date)));
    }
    statements.join(";\n\n") + ";\n"
}

fn parse_location(text: &str) -> Result<String, String> {
    let location = text.trim_end_matches('/');
    let allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '\'' | '"' | '`' | '\\' | ';');
    if !location.contains("://") || !location.chars().all(allowed) {
        return Err("not a location like s3://my-lake".to_owned());
    }
    Ok(location.to_owned())
}

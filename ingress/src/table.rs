//! `sluice table`: one table of a server.

use crate::client::{Client, ClientError, ServerArgs};
use crate::failure::Failure;
use crate::output;
use crate::parse::Format;
use crate::tables::TableFigures;
use crate::text::{Align, Columns, bytes, count, counted, plain};
use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use sluice_normalizer::TableName;
use std::fmt::Write;
use std::process::ExitCode;

/// Show one table of a server: columns, types, where each comes from, rows, conflicts, rejects.
///
/// A conflict is one source path that held several kinds of values; each kind has a column of its
/// own, so nothing is lost and no query breaks. Child tables stand below their parent.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
      sluice table orders
      sluice table orders --format json

  The same of a lake that no server holds:
      sluice schema lake orders")]
pub(crate) struct TableArgs {
    /// The table
    #[arg(value_name = "TABLE", value_parser = TableName::parse)]
    table: TableName,

    #[command(flatten)]
    server: ServerArgs,

    /// How it is shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A table as the server tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct Table {
    summary: TableFigures,
    tables: Vec<Physical>,
    conflicts: Vec<Conflict>,
    rejects: Vec<Rejects>,
}

#[derive(Debug, Deserialize)]
struct Physical {
    name: String,
    parent: Option<String>,
    path: String,
    rows: u64,
    columns: Vec<Column>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    sql_type: String,
    path: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Conflict {
    table: String,
    path: String,
    columns: Vec<Side>,
}

#[derive(Debug, Deserialize)]
struct Side {
    name: String,
    kind: String,
}

#[derive(Debug, Deserialize)]
struct Rejects {
    code: String,
    count: u64,
}

/// Runs the command.
pub(crate) fn run(args: &TableArgs) -> Result<ExitCode, Failure> {
    let client = args.server.client(1)?;
    match args.format {
        Format::Json => {
            let answer: Value =
                client.get(&path(&args.table)).map_err(|error| error.into_failure())?;
            output::print_json(&answer)?;
        }
        Format::Text => {
            let table = ask(&client, &args.table).map_err(|error| error.into_failure())?;
            output::print(&text(&table))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks for one table.
pub(crate) fn ask(client: &Client, table: &TableName) -> Result<Table, ClientError> {
    client.get(&path(table))
}

fn path(table: &TableName) -> String {
    format!("/table/{table}")
}

fn text(table: &Table) -> String {
    let mut out = String::new();
    let TableFigures { name, generation, version, documents, rows, parts, .. } = &table.summary;
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{}: {} of {}, {} of {}, generation {generation}, version {version}",
        plain(name),
        counted(*rows, "row"),
        counted(*documents, "document"),
        counted(*parts, "part"),
        bytes(table.summary.bytes),
    );
    if let Some(root) = table.tables.iter().find(|table| table.parent.is_none()) {
        table.write_columns(&mut out, root, 2);
        table.write_children(&mut out, root, 2);
    }
    table.write_conflicts(&mut out);
    table.write_rejects(&mut out);
    out
}

impl Table {
    fn write_children(&self, out: &mut String, parent: &Physical, indent: usize) {
        let parent_name = Some(parent.name.as_str());
        for child in self.tables.iter().filter(|table| table.parent.as_deref() == parent_name) {
            let source = if child.path.is_empty() { "its elements" } else { &child.path };
            let (name, rows) = (plain(&child.name), counted(child.rows, "row"));
            let _ = writeln!(out, "\n{:indent$}{name}: {rows} from {}", "", plain(source));
            self.write_columns(out, child, indent + 2);
            self.write_children(out, child, indent + 2);
        }
    }

    /// Every table with the columns that hold data, without those that the platform adds.
    pub(crate) fn write_data_columns(&self, out: &mut String, indent: usize) {
        let mut columns = Columns::new([Align::Left, Align::Left, Align::Left, Align::Left]);
        columns.row(["table", "column", "type", "source"].map(str::to_owned));
        for table in &self.tables {
            for column in &table.columns {
                if let Some(path) = &column.path {
                    let cells = [&table.name, &column.name, &column.sql_type, path];
                    columns.row(cells.map(String::clone));
                }
            }
        }
        columns.write(out, indent);
    }

    /// The columns of one table; those that share their path with another kind say so.
    fn write_columns(&self, out: &mut String, table: &Physical, indent: usize) {
        let mut columns = Columns::new([Align::Left, Align::Left, Align::Left, Align::Left]);
        columns.row(["column", "type", "source", ""].map(str::to_owned));
        for column in &table.columns {
            let source = match column.path.as_deref() {
                None => "",
                Some("") => "(the element)",
                Some(path) => path,
            };
            columns.row([
                column.name.clone(),
                column.sql_type.clone(),
                source.to_owned(),
                self.conflict_of(table, column).unwrap_or_default(),
            ]);
        }
        columns.write(out, indent);
    }

    fn conflict_of(&self, table: &Physical, column: &Column) -> Option<String> {
        let path = column.path.as_deref()?;
        let conflict = self
            .conflicts
            .iter()
            .find(|conflict| conflict.table == table.name && conflict.path == path)?;
        let others = conflict.columns.iter().map(|side| side.name.as_str());
        let others: Vec<_> = others.filter(|name| *name != column.name).collect();
        Some(format!("conflict with {}", others.join(", ")))
    }

    /// Conflicts in one block: which path, which column for which kind.
    pub(crate) fn write_conflicts(&self, out: &mut String) {
        if self.conflicts.is_empty() {
            return;
        }
        out.push_str("\nconflicts: one path, several kinds, a column for each\n");
        for Conflict { table, path, columns } in &self.conflicts {
            let sides = columns.iter().map(|side| format!("{} in {}", side.kind, side.name));
            let sides: Vec<_> = sides.collect();
            let _ =
                writeln!(out, "  {} {}: {}", plain(table), plain(path), plain(&sides.join(", ")));
        }
    }

    fn write_rejects(&self, out: &mut String) {
        if self.rejects.is_empty() {
            return;
        }
        let _ = writeln!(out, "\nrejects, to be seen with sluice rejects {}", self.summary.name);
        let mut columns = Columns::new([Align::Left, Align::Right]);
        for Rejects { code, count: number } in &self.rejects {
            columns.row([code.clone(), count(*number)]);
        }
        columns.write(out, 2);
    }
}

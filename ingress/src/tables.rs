//! `sluice tables`: what tables a server has.

use crate::client::ServerArgs;
use crate::failure::Failure;
use crate::output;
use crate::parse::Format;
use crate::text::{Align, Columns, bytes, count};
use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use std::process::ExitCode;

/// List the tables of a server: rows, rejects, conflicts, size.
///
/// A table is there once its first document is normalized. Rejects are rows of sluice_rejects; a
/// conflict is a path that held several kinds of values, each of which has a column of its own.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  All tables; then one of them:
      sluice tables
      sluice table orders

  For programs:
      sluice tables --format json")]
pub(crate) struct TablesArgs {
    #[command(flatten)]
    server: ServerArgs,

    /// How they are shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Deserialize)]
struct Tables {
    tables: Vec<TableFigures>,
}

/// One table in figures, as the server tells them.
#[derive(Debug, Deserialize)]
pub(crate) struct TableFigures {
    pub(crate) name: String,
    pub(crate) generation: u32,
    pub(crate) version: u64,
    pub(crate) documents: u64,
    pub(crate) rows: u64,
    pub(crate) rejects: u64,
    pub(crate) child_tables: u64,
    pub(crate) conflicts: u64,
    pub(crate) parts: u64,
    pub(crate) bytes: u64,
}

/// Runs the command.
pub(crate) fn run(args: &TablesArgs) -> Result<ExitCode, Failure> {
    let client = args.server.client(1)?;
    match args.format {
        Format::Json => {
            let answer: Value = client.get("/tables").map_err(|error| error.into_failure())?;
            output::print_json(&answer)?;
        }
        Format::Text => {
            let answer: Tables = client.get("/tables").map_err(|error| error.into_failure())?;
            output::print(&text(&answer))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(answer: &Tables) -> String {
    if answer.tables.is_empty() {
        return "no tables yet: send something with sluice put, or curl\n".to_owned();
    }
    let mut columns = Columns::new([
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
    ]);
    let header =
        ["table", "documents", "rows", "rejects", "conflicts", "child tables", "parts", "size"];
    columns.row(header.map(str::to_owned));
    for table in &answer.tables {
        columns.row([
            table.name.clone(),
            count(table.documents),
            count(table.rows),
            count(table.rejects),
            count(table.conflicts),
            count(table.child_tables),
            count(table.parts),
            bytes(table.bytes),
        ]);
    }
    let mut out = String::new();
    columns.write(&mut out, 0);
    out
}

//! `sluice retain`: what the settings say is too old goes.

use crate::client::{Method, Request, ServerArgs};
use crate::failure::Failure;
use crate::output;
use crate::parse::Format;
use crate::text::{Align, Columns, count};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;

/// Remove what the settings' retention says is too old.
///
/// Per table, sluice.yaml says how many whole days (UTC) before today are kept: row_days for rows,
/// child rows and rejects, document_days for the documents as they were posted, which a rebuild
/// replays. Tables without retention keep everything. Run it once a day, from cron for instance.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  With this in sluice.yaml:
      tables:
        visits: {retention: {row_days: 365, document_days: 90}}
  remove what is older:
      sluice retain

Exit code: 0 done, 1 failed, 2 wrong usage.")]
pub(crate) struct RetainArgs {
    #[command(flatten)]
    server: ServerArgs,

    /// How what went is shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Deserialize, Serialize)]
struct Retained {
    tables: Vec<Gone>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Gone {
    table: String,
    documents: u64,
    parts: u64,
    rows: u64,
}

/// Runs the command.
pub(crate) fn run(args: &RetainArgs) -> Result<ExitCode, Failure> {
    let client = args.server.client(1)?;
    let request = Request { method: Method::Post, path: "/retain", headers: &[], body: &[] };
    let retained: Retained = client.data(request).map_err(|error| error.into_failure())?;
    match args.format {
        Format::Json => output::print_json(&retained)?,
        Format::Text => output::print(&text(&retained))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(retained: &Retained) -> String {
    if retained.tables.is_empty() {
        return "no table has settings, so everything is kept\n".to_owned();
    }
    let mut grid = Columns::new([Align::Left, Align::Right, Align::Right, Align::Right]);
    grid.row(["removed of table", "documents", "rows", "parts"].map(str::to_owned));
    for gone in &retained.tables {
        grid.row([gone.table.clone(), count(gone.documents), count(gone.rows), count(gone.parts)]);
    }
    let mut out = String::new();
    grid.write(&mut out, 0);
    out
}

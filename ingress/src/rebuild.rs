//! `sluice rebuild`: a table's documents into its next generation.

use crate::client::{Client, Method, Request, ServerArgs};
use crate::failure::Failure;
use crate::output;
use crate::parse::Format;
use crate::progress::Bar;
use crate::text::{Align, Columns, count, counted, plain};
use anyhow::anyhow;
use clap::Args;
use serde::Deserialize;
use sluice_normalizer::TableName;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Replay a table's documents under today's settings, and show what would change.
///
/// Settings change what exists only by a rebuild. The documents are read again, as they were posted,
/// into the table's next generation beside the one that people query, which goes on meanwhile. What
/// would change (columns, types, rows, rejects) is shown; with --switch the new generation is then
/// the one that people query, in one step. Without --switch nothing changes for anybody.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  After a change of sluice.yaml, look first, then switch:
      sluice rebuild orders
      sluice rebuild orders --switch

Exit code: 0 rebuilt (and switched, if asked), 1 failed, 2 wrong usage.")]
pub(crate) struct RebuildArgs {
    #[command(flatten)]
    server: ServerArgs,

    /// The table
    #[arg(value_name = "TABLE", value_parser = TableName::parse)]
    table: TableName,

    /// Make the new generation the one that people query
    #[arg(long)]
    switch: bool,

    /// Rebuild even if rows are lost whose documents were removed by retention
    #[arg(long)]
    without_removed: bool,

    /// How the changes are shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// No progress bar
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Deserialize)]
struct Rebuild {
    generation: u32,
    state: String,
    documents: u64,
    documents_total: u64,
    removed: u64,
    changes: Option<Changes>,
}

#[derive(Debug, Deserialize)]
struct Changes {
    tables: Vec<TableChange>,
    rejects: Vec<RejectChange>,
}

#[derive(Debug, Deserialize)]
struct TableChange {
    name: String,
    rows_before: u64,
    rows_after: u64,
    columns: Vec<ColumnChange>,
}

#[derive(Debug, Deserialize)]
struct ColumnChange {
    path: String,
    r#type: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RejectChange {
    code: String,
    before: u64,
    after: u64,
}

/// Between two looks at a rebuild that runs.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Runs the command.
pub(crate) fn run(args: &RebuildArgs) -> Result<ExitCode, Failure> {
    let client = args.server.client(1)?;
    let table = &args.table;
    let path = format!("/table/{table}/rebuild");
    let query = if args.without_removed { "?without_removed=true" } else { "" };
    let started: Rebuild = post(&client, &format!("{path}{query}"))?;
    let bar = Bar::over_documents(started.documents_total, args.quiet);
    let mut rebuild = started;
    while rebuild.state == "running" {
        std::thread::sleep(LOOK_AGAIN);
        rebuild = client.get(&path).map_err(|error| error.into_failure())?;
        bar.replayed(rebuild.documents);
    }
    bar.clear();
    if rebuild.state != "ready" {
        let error = anyhow!("the rebuild of {table} {}; people query what they did", rebuild.state);
        return Err(Failure::failed(error).next("the server's own output says why"));
    }
    if args.switch {
        rebuild = post(&client, &format!("{path}/switch"))?;
    }
    match args.format {
        Format::Json => {
            // As the server tells it now.
            let answer: serde_json::Value =
                client.get(&path).map_err(|error| error.into_failure())?;
            output::print_json(&answer)?;
        }
        Format::Text => output::print(&text(table, &rebuild))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn post(client: &Client, path: &str) -> Result<Rebuild, Failure> {
    let request = Request { method: Method::Post, path, headers: &[], body: &[] };
    client.data(request).map_err(|error| error.into_failure())
}

fn text(table: &TableName, rebuild: &Rebuild) -> String {
    let mut out = format!(
        "{} of {table} replayed into generation {}\n",
        counted(rebuild.documents, "document"),
        rebuild.generation
    );
    if rebuild.removed > 0 {
        let removed = counted(rebuild.removed, "document");
        let _ = writeln!(out, "{removed} removed by retention could not be replayed");
    }
    if let Some(changes) = &rebuild.changes {
        tables(&mut out, &changes.tables);
        columns(&mut out, &changes.tables);
        rejects(&mut out, &changes.rejects);
    }
    if rebuild.state == "switched" {
        let _ = writeln!(out, "\nswitched: people query generation {}", rebuild.generation);
    } else {
        let _ = writeln!(
            out,
            "\nnothing has changed for anybody yet; to switch: sluice rebuild {table} --switch"
        );
    }
    out
}

fn tables(out: &mut String, tables: &[TableChange]) {
    let mut grid = Columns::new([Align::Left, Align::Right, Align::Right]);
    grid.row(["table", "rows before", "rows after"].map(str::to_owned));
    for table in tables {
        grid.row([
            plain(&table.name).into_owned(),
            count(table.rows_before),
            count(table.rows_after),
        ]);
    }
    out.push('\n');
    grid.write(out, 0);
}

fn columns(out: &mut String, tables: &[TableChange]) {
    if tables.iter().all(|table| table.columns.is_empty()) {
        out.push_str("\nno column changes\n");
        return;
    }
    let mut grid = Columns::new([Align::Left; 5]);
    grid.row(["table", "path", "type", "column before", "column after"].map(str::to_owned));
    for table in tables {
        for column in &table.columns {
            let name = |name: &Option<String>| {
                name.as_deref().map_or("-".to_owned(), |name| plain(name).into_owned())
            };
            grid.row([
                plain(&table.name).into_owned(),
                plain(&column.path).into_owned(),
                column.r#type.clone(),
                name(&column.before),
                name(&column.after),
            ]);
        }
    }
    out.push('\n');
    grid.write(out, 0);
}

fn rejects(out: &mut String, rejects: &[RejectChange]) {
    if rejects.is_empty() {
        return;
    }
    let mut grid = Columns::new([Align::Left, Align::Right, Align::Right]);
    grid.row(["rejects", "before", "after"].map(str::to_owned));
    for reject in rejects {
        grid.row([plain(&reject.code).into_owned(), count(reject.before), count(reject.after)]);
    }
    out.push('\n');
    grid.write(out, 0);
}

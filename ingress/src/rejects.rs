//! `sluice rejects`: what became no row, and why.

use crate::client::ServerArgs;
use crate::failure::Failure;
use crate::output;
use crate::parse::Format;
use crate::sql::{self, Answer};
use crate::text::{counted, plain};
use clap::Args;
use serde_json::{Map, Value};
use sluice_normalizer::TableName;
use std::fmt::Write;
use std::process::ExitCode;

/// Show what could not become rows, newest first, with the reason and the content.
///
/// Rejects are rows of the table sluice_rejects: nothing that was accepted is ever dropped. A broken
/// line is rejected alone; a document that is broken as a whole has no record number.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  The newest of all tables; more of one table; for programs, with the whole content:
      sluice rejects
      sluice rejects orders --limit 100
      sluice rejects orders --format json

  How many for which reason:
      sluice query 'SELECT table_name, code, count(*) FROM sluice_rejects GROUP BY 1, 2'")]
pub(crate) struct RejectsArgs {
    /// Only those of this table [default: all]
    #[arg(value_name = "TABLE", value_parser = TableName::parse)]
    table: Option<TableName>,

    #[command(flatten)]
    server: ServerArgs,

    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,

    /// How they are shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Characters of the content shown.
const CONTENT_CHARS: usize = 200;

/// Runs the command.
pub(crate) fn run(args: &RejectsArgs) -> Result<ExitCode, Failure> {
    let client = args.server.client(1)?;
    let sql = statement(args);
    let answer = sql::ask(&client, &sql).map_err(|error| error.into_failure())?;
    match args.format {
        Format::Json => output::print_json(&answer.rows)?,
        Format::Text => output::print(&text(args, &answer))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn statement(args: &RejectsArgs) -> String {
    // A table name holds no quotes.
    let only = args.table.as_ref().map(|table| format!(" WHERE table_name = '{table}'"));
    format!(
        "SELECT _id, _row, _received_at, table_name, code, message, pointer, content, \
         content_encoding FROM sluice_rejects{} \
         ORDER BY _received_at DESC, _id, _row LIMIT {}",
        only.unwrap_or_default(),
        args.limit
    )
}

fn text(args: &RejectsArgs, answer: &Answer) -> String {
    if answer.rows.is_empty() {
        return match &args.table {
            Some(table) => format!("no rejects of {table}\n"),
            None => "no rejects\n".to_owned(),
        };
    }
    let mut out = String::new();
    for row in &answer.rows {
        write_reject(&mut out, row);
        out.push('\n');
    }
    let shown = answer.rows.len();
    let _ = match shown == args.limit as usize {
        true => writeln!(out, "the newest {}; --limit shows more", counted(shown as u64, "reject")),
        false => writeln!(out, "{}", counted(shown as u64, "reject")),
    };
    out
}

/// One reject: what and when, why, where, and what it was.
pub(crate) fn write_reject(out: &mut String, row: &Map<String, Value>) {
    let field = |name: &str| match row.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(plain(text).into_owned()),
        Some(other) => Some(other.to_string()),
    };
    let or_empty = |name| field(name).unwrap_or_default();
    let (table, code) = (or_empty("table_name"), or_empty("code"));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{table}  {code}  {}", or_empty("_received_at"));
    let _ = writeln!(out, "  why      {}", or_empty("message"));
    let record =
        field("_row").map_or("the whole document".to_owned(), |row| format!("record {row}"));
    let _ = writeln!(out, "  where    {record} of document {}", or_empty("_id"));
    if let Some(pointer) = field("pointer") {
        let _ = writeln!(out, "  at       {pointer}");
    }
    let content = or_empty("content");
    let shown: String = content.chars().take(CONTENT_CHARS).collect();
    let more = if shown.len() < content.len() { "…" } else { "" };
    let encoding = match row.get("content_encoding").and_then(Value::as_str) {
        None | Some("utf8") => String::new(),
        Some(other) => format!(" ({})", plain(other)),
    };
    let _ = writeln!(out, "  content  {shown}{more}{encoding}");
}

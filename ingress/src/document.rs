//! `sluice document`: where one document is.

use crate::client::ServerArgs;
use crate::documents::{self, DocumentStatus};
use crate::failure::Failure;
use crate::output;
use crate::parse::{self, Format};
use crate::text::{Align, Columns, bytes, count, plain};
use clap::Args;
use serde_json::Value;
use sluice_normalizer::{DocumentId, TableName};
use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Show where a document is: received, batched, normalized, partly_rejected or rejected.
///
/// The id is what the server answered when the document was accepted; every row has it as _id.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  Where it is now; wait until it is rows or rejects:
      sluice document orders 0197a1c2-7b0e-7c3d-9f00-2f6f6f0e8a11
      sluice document orders 0197a1c2-7b0e-7c3d-9f00-2f6f6f0e8a11 --wait

  Its rows:
      sluice query \"SELECT * FROM orders WHERE _id = '0197a1c2-7b0e-7c3d-9f00-2f6f6f0e8a11'\"

Exit code: 0 found (with --wait: done), 1 failed, 2 wrong usage.")]
pub(crate) struct DocumentArgs {
    /// The table it was sent to
    #[arg(value_name = "TABLE", value_parser = TableName::parse)]
    table: TableName,

    /// The document's id
    #[arg(value_name = "ID", value_parser = DocumentId::parse)]
    id: DocumentId,

    #[command(flatten)]
    server: ServerArgs,

    /// Wait until it is rows or rejects
    #[arg(long)]
    wait: bool,

    /// How long to wait, e.g. 90s, 10m
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse::duration)]
    wait_timeout: Duration,

    /// How it is shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs the command.
pub(crate) fn run(args: &DocumentArgs) -> Result<ExitCode, Failure> {
    let client = args.server.client(1)?;
    let status = if args.wait {
        let deadline = Instant::now() + args.wait_timeout;
        documents::wait(&client, &args.table, args.id.as_str(), deadline)?
    } else {
        documents::ask(&client, &args.table, args.id.as_str())
            .map_err(|error| error.into_failure())?
    };
    match args.format {
        Format::Json => output::print_json(&status.answer)?,
        Format::Text => output::print(&text(&status))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(status: &DocumentStatus) -> String {
    let answer = &status.answer;
    let field = |name: &str| match &answer[name] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let number = |name: &str, show: fn(u64) -> String| answer[name].as_u64().map(show);
    let lines = [
        ("document", field("id")),
        ("table", field("table")),
        ("state", field("state")),
        ("received", field("received_at")),
        ("committed", field("committed_at")),
        ("batch", field("batch")),
        ("rows", number("rows", count)),
        ("rejects", number("rejects", count)),
        ("size", number("bytes", bytes)),
        ("sent by", field("principal")),
    ];
    let mut columns = Columns::new([Align::Left, Align::Left]);
    for (name, value) in lines {
        if let Some(value) = value {
            columns.row([name.to_owned(), value]);
        }
    }
    let mut out = String::new();
    columns.write(&mut out, 0);
    write_reasons(&mut out, answer);
    out
}

/// Why records of it were rejected; the server tells the first reasons.
fn write_reasons(out: &mut String, answer: &Value) {
    let reasons = answer["reasons"].as_array().map(Vec::as_slice).unwrap_or_default();
    if reasons.is_empty() {
        return;
    }
    out.push_str("reasons\n");
    for reason in reasons {
        let text = |name: &str| reason[name].as_str().map(plain).unwrap_or_default();
        let record = match reason["row"].as_u64() {
            Some(row) => format!("record {row}"),
            None => "the whole document".to_owned(),
        };
        let pointer = match text("pointer") {
            pointer if pointer.is_empty() => String::new(),
            pointer => format!(" at {pointer}"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {record}{pointer}: {} ({})", text("message"), text("code"));
    }
    if let Some(table) = answer["table"].as_str() {
        let _ = writeln!(out, "  with their content: sluice rejects {}", plain(table));
    }
}

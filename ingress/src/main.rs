//! The `sluice` command: one file per subcommand, what they share beside them.

mod failure;
mod normalize;
mod output;
mod parse;
mod progress;
mod schema;
mod summary;
mod text;

use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// Anyone can post JSON to a table; a moment later it is typed rows in SQL.
///
/// This command is the whole pipeline on one machine: JSON in, a lake of Parquet files out.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Normalize(normalize::NormalizeArgs),
    Schema(schema::SchemaArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return report_usage(&error),
    };
    let result = match cli.command {
        Command::Normalize(args) => normalize::run(&args),
        Command::Schema(args) => schema::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// Help, the version, or what is wrong with the arguments, which the message may repeat.
fn report_usage(error: &clap::Error) -> ExitCode {
    let steers = |argument: OsString| {
        let argument = argument.to_string_lossy();
        text::plain(&argument) != argument
    };
    // Nobody is left to tell when the stream is closed.
    if std::env::args_os().any(steers) {
        // Without colours, of which the arguments could bring their own.
        for line in error.to_string().lines() {
            let _ = writeln!(io::stderr(), "{}", text::plain(line));
        }
    } else {
        let _ = error.print();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX))
}

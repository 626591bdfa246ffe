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
    let result = match Cli::parse().command {
        Command::Normalize(args) => normalize::run(&args),
        Command::Schema(args) => schema::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

//! The `sluice` command: one file per subcommand, what they share beside them.

mod backoff;
mod client;
mod demo;
mod document;
mod documents;
mod failure;
mod grid;
mod input_failure;
mod normalize;
mod output;
mod parse;
mod progress;
mod put;
mod query;
mod rebuild;
mod rejects;
mod retain;
mod schema;
mod sql;
mod stop;
mod summary;
mod table;
mod tables;
mod template;
mod text;
mod unwrap_data;
mod up;

use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// Anyone can post JSON to a table; a moment later it is typed rows in SQL.
///
/// This command is the whole platform on one machine: sluice demo shows it in seconds, sluice up
/// runs it, sluice put fills it, and sluice query asks it. With --endpoint, put and document also
/// speak to the platform on AWS.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Up(up::UpArgs),
    Put(put::PutArgs),
    Query(query::QueryArgs),
    Tables(tables::TablesArgs),
    Table(table::TableArgs),
    Document(document::DocumentArgs),
    Rejects(rejects::RejectsArgs),
    Rebuild(rebuild::RebuildArgs),
    Retain(retain::RetainArgs),
    Normalize(normalize::NormalizeArgs),
    Schema(schema::SchemaArgs),
    Template(template::TemplateArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return report_usage(&error),
    };
    let result = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Up(args) => up::run(&args),
        Command::Tables(args) => tables::run(&args),
        Command::Table(args) => table::run(&args),
        Command::Normalize(args) => normalize::run(&args),
        Command::Put(args) => put::run(&args),
        Command::Query(args) => query::run(&args),
        Command::Document(args) => document::run(&args),
        Command::Rejects(args) => rejects::run(&args),
        Command::Rebuild(args) => rebuild::run(&args),
        Command::Retain(args) => retain::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Template(args) => template::run(&args),
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

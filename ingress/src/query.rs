//! `sluice query`: SQL over a server's tables.

use crate::client::ServerArgs;
use crate::failure::Failure;
use crate::sql::{self, Rows};
use crate::text::counted;
use crate::{output, unwrap_data};
use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

/// Ask a server's tables by SQL.
///
/// Reading only: SELECT, SHOW, DESCRIBE and EXPLAIN. A table shows bigints and doubles of one path
/// as one column; lake_files has the physical columns. Rows are there a moment after their document
/// was accepted (sluice document --wait).
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  What tables there are, and rows of one:
      sluice query 'SHOW TABLES'
      sluice query 'SELECT customer__name, total FROM orders LIMIT 10'

  A child table joined to its parent, by document and record:
      sluice query 'SELECT o.\"order\", i.sku FROM orders o
                    JOIN orders__items i ON i._id = o._id AND i._row = o._row'

  Millions of rows to a file, and SQL from one:
      sluice query --format csv 'SELECT * FROM orders' > orders.csv
      sluice query - < report.sql

Exit code: 0 done, 1 failed (the message says what is wrong with the SQL), 2 wrong usage.")]
pub(crate) struct QueryArgs {
    /// The statement; - is standard input, and so is none at all when something is piped in
    #[arg(value_name = "SQL")]
    sql: Option<String>,

    #[command(flatten)]
    server: ServerArgs,

    /// How the rows look; json, csv and ndjson are written as they come, of any number
    #[arg(long, value_enum, default_value_t = QueryFormat::Table)]
    format: QueryFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum QueryFormat {
    /// For people; on a terminal long cells end in …
    Table,
    /// {"columns":[…],"rows":[…]}
    Json,
    /// With a header; null is empty, an empty text is ""
    Csv,
    /// One object a row
    Ndjson,
}

/// What is read of a statement, bytes; the server reads less.
const SQL_BYTES_MAX: u64 = 10_000_000;

/// Runs the command.
pub(crate) fn run(args: &QueryArgs) -> Result<ExitCode, Failure> {
    let sql = statement(args.sql.as_deref())?;
    let client = args.server.client(1)?;
    let rows = match args.format {
        QueryFormat::Table => {
            let answer = sql::ask(&client, &sql).map_err(|error| error.into_failure())?;
            let mut text = answer.to_text();
            text.push_str(&format!("{}\n", counted(answer.rows.len() as u64, "row")));
            output::print(&text)?;
            return Ok(ExitCode::SUCCESS);
        }
        QueryFormat::Json => Rows::Json,
        QueryFormat::Csv => Rows::Csv,
        QueryFormat::Ndjson => Rows::Ndjson,
    };
    let mut answer = sql::stream(&client, &sql, rows).map_err(|error| error.into_failure())?;
    if rows == Rows::Json {
        output::copy(&mut unwrap_data::UnwrapData::new(answer))?;
    } else {
        output::copy(&mut answer)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn statement(argument: Option<&str>) -> Result<String, Failure> {
    let given = match argument {
        Some("-") => None,
        Some(sql) => Some(sql.to_owned()),
        None if io::stdin().is_terminal() => {
            let error = anyhow!("no SQL given");
            return Err(Failure::wrong_usage(error).next("sluice query 'SHOW TABLES'"));
        }
        None => None,
    };
    let sql = match given {
        Some(sql) => sql,
        None => {
            let mut sql = String::new();
            io::stdin()
                .lock()
                .take(SQL_BYTES_MAX)
                .read_to_string(&mut sql)
                .context("read SQL from standard input")
                .map_err(Failure::failed)?;
            sql
        }
    };
    if sql.trim().is_empty() {
        let error = anyhow!("the SQL is empty");
        return Err(Failure::wrong_usage(error).next("sluice query 'SHOW TABLES'"));
    }
    Ok(sql)
}

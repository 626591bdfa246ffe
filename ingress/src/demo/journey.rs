//! What the demo shows, step by step.

use crate::client::{Client, ClientError, Method, Request};
use crate::failure::Failure;
use crate::output;
use crate::text::{Align, Columns};
use crate::{documents, rejects, sql, table};
use anyhow::anyhow;
use serde::Deserialize;
use sluice_normalizer::TableName;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One request body, as it lies in the repository.
struct Body {
    file: &'static str,
    content_type: &'static str,
    content: &'static str,
}

const BODIES: [Body; 3] = [
    Body {
        file: "order-1.json",
        content_type: "application/json",
        content: include_str!("documents/order-1.json"),
    },
    Body {
        file: "order-2.json",
        content_type: "application/json",
        content: include_str!("documents/order-2.json"),
    },
    Body {
        file: "orders.ndjson",
        content_type: "application/x-ndjson",
        content: include_str!("documents/orders.ndjson"),
    },
];

const ROWS: &str = "\
SELECT \"order\", customer__name, total, total__string, tags
FROM orders ORDER BY \"order\"";

const JOIN: &str = "\
SELECT o.\"order\", i._index, i.sku, i.quantity
FROM orders o JOIN orders__items i ON i._id = o._id AND i._row = o._row
ORDER BY o.\"order\", i._index";

const REJECTS: &str = "\
SELECT * FROM sluice_rejects";

/// How long the documents may take to become rows; it is a second as a rule.
const PATIENCE: Duration = Duration::from_secs(60);

/// The endpoint that commands name: the one of `sluice up`.
const SHOWN_ENDPOINT: &str = "http://127.0.0.1:8080";

pub(super) struct Journey {
    client: Client,
    keep: Option<PathBuf>,
    table: TableName,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

impl Journey {
    pub(super) fn new(client: Client, keep: Option<PathBuf>) -> Self {
        let table = TableName::parse("orders").expect("it follows the rules");
        Journey { client, keep, table }
    }

    /// Prints every step as soon as it is done.
    pub(super) fn show(&self) -> Result<(), Failure> {
        output::print(
            "A server on this machine, for a few seconds. With sluice up you have one to keep, and \
             can\ntype the commands below yourself.\n",
        )?;
        let ids = self.post()?;
        self.wait(&ids)?;
        self.columns()?;
        self.query("Rows, in SQL", ROWS)?;
        self.query("Arrays of objects are child tables", JOIN)?;
        self.rejects()?;
        self.end()
    }

    fn post(&self) -> Result<Vec<String>, Failure> {
        let mut ids = Vec::new();
        for (index, body) in BODIES.iter().enumerate() {
            let mut out = String::new();
            if index == 0 {
                out.push_str(
                    "\n1. Post JSON: nested, with arrays, a total that is a text, a broken line\n",
                );
            }
            let Body { file, content_type, content } = body;
            // Writing to a string cannot fail.
            let _ = writeln!(out, "\n$ curl {SHOWN_ENDPOINT}/table/orders/object \\");
            let _ = writeln!(out, "    -H 'Content-Type: {content_type}' --data-binary @{file}");
            for line in content.lines() {
                let _ = writeln!(out, "  > {line}");
            }
            let headers = match *content_type {
                "application/json" => &[("content-type", "application/json")],
                _ => &[("content-type", "application/x-ndjson")],
            };
            let path = format!("/table/{}/object", self.table);
            let body = content.as_bytes();
            let request = Request { method: Method::Post, path: &path, headers, body };
            let accepted: Accepted = self.client.data(request).map_err(failure)?;
            let _ = writeln!(out, "  {{\"success\":true,\"data\":{{\"id\":\"{}\"}}}}", accepted.id);
            output::print(&out)?;
            ids.push(accepted.id);
        }
        Ok(ids)
    }

    /// Waits for all, shows the last: it has rows and a reject.
    fn wait(&self, ids: &[String]) -> Result<(), Failure> {
        let started = Instant::now();
        let mut last = None;
        for id in ids {
            let deadline = started + PATIENCE;
            last = Some((id, documents::wait(&self.client, &self.table, id, deadline)?));
        }
        let Some((id, status)) = last else {
            return Err(Failure::failed(anyhow!("nothing was posted")));
        };
        let seconds = started.elapsed().as_secs_f64();
        let mut out = format!("\n2. {seconds:.1} s later: where the last one is\n\n");
        let _ = writeln!(out, "$ sluice document {} {id}", self.table);
        let mut columns = Columns::new([Align::Left, Align::Left]);
        for name in ["state", "rows", "rejects", "committed_at"] {
            let value = match &status.answer[name] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            columns.row([name.to_owned(), value]);
        }
        columns.write(&mut out, 2);
        output::print(&out)
    }

    fn columns(&self) -> Result<(), Failure> {
        let table = table::ask(&self.client, &self.table).map_err(failure)?;
        let mut out = String::from("\n3. Tables and columns, found out from the documents\n\n");
        let _ = writeln!(out, "$ sluice table {}", self.table);
        table.write_data_columns(&mut out, 2);
        table.write_conflicts(&mut out);
        output::print(&out)
    }

    fn query(&self, title: &str, statement: &str) -> Result<(), Failure> {
        let number = if statement == ROWS { 4 } else { 5 };
        let answer = sql::ask(&self.client, statement).map_err(failure)?;
        let mut out = format!("\n{number}. {title}\n\n");
        let _ = writeln!(out, "$ sluice query '{}'", statement.replace('\n', "\n    "));
        for line in answer.to_text().lines() {
            let _ = writeln!(out, "  {line}");
        }
        output::print(&out)
    }

    fn rejects(&self) -> Result<(), Failure> {
        let answer = sql::ask(&self.client, REJECTS).map_err(failure)?;
        let mut out = String::from("\n6. What cannot be a row is kept, with the reason\n\n");
        let _ = writeln!(out, "$ sluice rejects {}", self.table);
        for row in &answer.rows {
            let mut reject = String::new();
            rejects::write_reject(&mut reject, row);
            for line in reject.lines() {
                let _ = writeln!(out, "  {line}");
            }
        }
        output::print(&out)
    }

    fn end(&self) -> Result<(), Failure> {
        let mut out = String::from("\nFive records posted, four rows and one reject there. ");
        let _ = match &self.keep {
            None => writeln!(out, "Your own:\n\n$ sluice up\n$ sluice put orders FILE..."),
            Some(folder) => writeln!(
                out,
                "Go on with them:\n\n$ sluice up --data {}",
                crate::text::plain(&folder.display().to_string())
            ),
        };
        output::print(&out)
    }
}

fn failure(error: ClientError) -> Failure {
    error.into_failure()
}

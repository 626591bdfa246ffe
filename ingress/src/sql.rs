//! Asking a server's SQL, for the commands that show rows.

use crate::client::{Client, ClientError, Method, Request};
use crate::grid::{Cell, Grid, terminal_width};
use serde::Deserialize;
use std::io::Read;

/// The form of an answer's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    Json,
    Ndjson,
    Csv,
}

/// A query's answer, held whole.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    columns: Vec<Column>,
    pub(crate) rows: Vec<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
}

impl Answer {
    /// The rows under their columns' names.
    pub(crate) fn grid(&self) -> Grid {
        let mut grid = Grid::new(self.columns.iter().map(|column| column.name.clone()));
        for row in &self.rows {
            let cells = self.columns.iter().map(|column| row.get(&column.name));
            grid.row(cells.map(|value| value.map_or(Cell::Null, Cell::of)));
        }
        grid
    }

    /// The rows for people: a table that fits the terminal.
    pub(crate) fn to_text(&self) -> String {
        let mut out = String::new();
        self.grid().write(&mut out, terminal_width());
        out
    }
}

/// Asks for a whole answer.
pub(crate) fn ask(client: &Client, sql: &str) -> Result<Answer, ClientError> {
    client.data(request(&body(sql), Rows::Json))
}

/// Asks for rows that are read as they come.
pub(crate) fn stream(
    client: &Client,
    sql: &str,
    rows: Rows,
) -> Result<impl Read + use<>, ClientError> {
    let response = client.send(request(&body(sql), rows))?;
    Ok(response.into_body().into_reader())
}

fn body(sql: &str) -> Vec<u8> {
    serde_json::json!({ "sql": sql }).to_string().into_bytes()
}

fn request(body: &[u8], rows: Rows) -> Request<'_> {
    const CONTENT_TYPE: (&str, &str) = ("content-type", "application/json");
    let headers: &[_] = match rows {
        Rows::Json => &[CONTENT_TYPE, ("accept", "application/json")],
        Rows::Ndjson => &[CONTENT_TYPE, ("accept", "application/x-ndjson")],
        Rows::Csv => &[CONTENT_TYPE, ("accept", "text/csv")],
    };
    Request { method: Method::Post, path: "/sql", headers, body }
}

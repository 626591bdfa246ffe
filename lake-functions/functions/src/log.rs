//! The log: one line of JSON an event on standard output, where Lambda collects it. Ids and counts,
//! never content (I-8).

use serde_json::{Map, Value};
use std::error::Error;
use std::io::Write;

/// Writes an event. `fields`: an object.
pub(crate) fn log(event: &str, fields: Value) {
    let mut line = Map::new();
    line.insert("event".to_owned(), event.into());
    if let Value::Object(fields) = fields {
        line.extend(fields);
    }
    write(&Value::Object(line));
}

/// An error with its causes, on one line.
pub(crate) fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

pub(crate) fn write(line: &Value) {
    // Nobody is left to tell when standard output is gone.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

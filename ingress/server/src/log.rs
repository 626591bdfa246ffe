//! The log: one line of JSON an event on standard error. Never content, never a token (I-8).

use crate::time::{now_ms, rfc3339};
use serde_json::{Map, Value};
use std::error::Error;
use std::io::Write;

/// Writes one event. A log that cannot be written is no reason to stop serving.
pub(crate) fn event(event: &str, fields: &[(&str, String)]) {
    let mut line = Map::new();
    line.insert("time".to_owned(), Value::String(rfc3339(now_ms())));
    line.insert("event".to_owned(), Value::String(event.to_owned()));
    for (name, value) in fields {
        line.insert((*name).to_owned(), Value::String(value.clone()));
    }
    let mut line = Value::Object(line).to_string();
    line.push('\n');
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

//! Standard output, written once at the end of a command.

use crate::failure::Failure;
use anyhow::Context;
use std::io::{self, Write};

/// Prints `text`. A reader that went away (`sluice schema … | head`) is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("write to standard output").map_err(Failure::failed),
    }
}

/// Prints one JSON value, indented, and a line end.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .context("serialize the answer")
        .map_err(Failure::failed)?;
    print(&(text + "\n"))
}

//! Standard output: written once at the end of a command, or rows as they come.

use crate::failure::Failure;
use anyhow::Context;
use std::io::{self, Read, Write};

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

/// Copies an answer as it comes. A reader that went away is no failure.
pub(crate) fn copy(answer: &mut impl Read) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let count = match answer.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let error = anyhow::Error::new(error).context("the answer broke off");
                return Err(Failure::failed(error).next(
                    "what was written is not the whole answer; the server's own output says why",
                ));
            }
        };
        match stdout.write_all(&piece[..count]) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            result => result.context("write to standard output").map_err(Failure::failed)?,
        }
    }
    match stdout.flush() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("write to standard output").map_err(Failure::failed),
    }
}

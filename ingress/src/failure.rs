//! How a command fails: what happened, what to do about it, and the exit code.

use crate::text::plain;
use std::io::Write;
use std::process::ExitCode;

/// A command that did not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    error: anyhow::Error,
    next: Option<String>,
    code: u8,
}

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

impl Failure {
    /// The work failed: exit code 1.
    pub(crate) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Failure { error: error.into(), next: None, code: FAILED }
    }

    /// The command was called wrongly: exit code 2, like clap's own.
    pub(crate) fn wrong_usage(error: impl Into<anyhow::Error>) -> Self {
        Failure { error: error.into(), next: None, code: WRONG_USAGE }
    }

    /// Adds what the person can do next.
    pub(crate) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Adds something to know, before what to do.
    pub(crate) fn also(mut self, word: &str) -> Self {
        self.next = Some(match self.next {
            Some(next) => format!("{word}; {next}"),
            None => word.to_owned(),
        });
        self
    }

    /// Tells standard error, one line for the chain of causes and one for what to do.
    pub(crate) fn report(self) -> ExitCode {
        let mut stderr = std::io::stderr().lock();
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(stderr, "error: {}", plain(&format!("{:#}", self.error)));
        if let Some(next) = self.next {
            let _ = writeln!(stderr, "  next: {}", plain(&next));
        }
        ExitCode::from(self.code)
    }
}

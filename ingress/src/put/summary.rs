//! What a run of `sluice put` did, as text and as JSON.

use super::tally::{Failed, Tally};
use super::wait::Outcomes;
use crate::text::{bytes, count, counted, plain};
use serde::Serialize;
use sluice_normalizer::TableName;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

/// The JSON of `--format json`; fields are only ever added.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    table: String,
    endpoint: String,
    /// Sent by this run.
    documents: u64,
    /// Of their content, decompressed.
    bytes: u64,
    already_there: AlreadyThere,
    failed: u64,
    /// The first of them.
    failures: Vec<Failed>,
    /// Requests that were repetitions.
    retries: u64,
    /// What became of them, with `--wait`.
    outcomes: Option<Outcomes>,
    seconds: f64,
    /// Of `bytes`, 1 MB = 10^6 bytes.
    mb_per_second: f64,
}

#[derive(Debug, Serialize)]
struct AlreadyThere {
    documents: u64,
    bytes: u64,
}

/// Failures named on standard error; the rest is counted.
const FAILURES_SHOWN: usize = 20;

/// Tells standard error what the server does not hold and why.
pub(super) fn tell_failures(tally: &Tally) {
    // Nobody is left to tell when standard error is closed.
    let mut stderr = std::io::stderr().lock();
    for Failed { file, offset, code, message } in tally.failures.iter().take(FAILURES_SHOWN) {
        let line = format!("{file}, byte {offset}: {message} ({code})");
        let _ = writeln!(stderr, "error: {}", plain(&line));
    }
    let more = tally.failures_count.saturating_sub(FAILURES_SHOWN as u64);
    if more > 0 {
        let _ = writeln!(stderr, "error: and {} more", count(more));
    }
}

impl Summary {
    pub(super) fn new(
        table: &TableName,
        endpoint: String,
        tally: Tally,
        retries: u64,
        outcomes: Option<Outcomes>,
        elapsed: Duration,
    ) -> Self {
        let seconds = elapsed.as_secs_f64();
        Summary {
            table: table.to_string(),
            endpoint,
            documents: tally.documents,
            bytes: tally.bytes,
            already_there: AlreadyThere {
                documents: tally.there_documents,
                bytes: tally.there_bytes,
            },
            failed: tally.failures_count,
            failures: tally.failures,
            retries,
            outcomes,
            seconds,
            mb_per_second: mb_per_second(tally.bytes, seconds),
        }
    }

    /// Whether the server holds everything.
    pub(super) fn is_complete(&self) -> bool {
        self.failed == 0
    }

    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        let Summary { table, endpoint, .. } = self;
        let there = &self.already_there;
        // Writing to a string cannot fail.
        if self.documents > 0 || there.documents == 0 {
            let documents = counted(self.documents, "document");
            let _ = writeln!(out, "{documents} sent to {table} at {}", plain(endpoint));
        } else {
            let _ = writeln!(out, "nothing new for {table} at {}", plain(endpoint));
        }
        if there.documents > 0 {
            let documents = counted(there.documents, "document");
            let _ = writeln!(out, "{documents} already there, {}", bytes(there.bytes));
        }
        if self.failed > 0 {
            let _ = writeln!(out, "{} not sent, see above", counted(self.failed, "document"));
        }
        if self.retries > 0 {
            let _ = writeln!(out, "{} repeated", counted(self.retries, "request"));
        }
        if let Some(Outcomes { rows, rejects, .. }) = self.outcomes {
            let (rows, rejects_text) = (counted(rows, "row"), counted(rejects, "reject"));
            let _ = writeln!(out, "they are {rows} and {rejects_text} now");
            if rejects > 0 {
                let _ = writeln!(out, "  why: sluice rejects {table}");
            }
        }
        let (sent, seconds, speed) = (bytes(self.bytes), self.seconds, self.mb_per_second);
        let _ = writeln!(out, "{sent} sent, {seconds:.2} s, {speed:.1} MB/s");
        out
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn mb_per_second(bytes: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { bytes as f64 / 1e6 / seconds } else { 0.0 }
}

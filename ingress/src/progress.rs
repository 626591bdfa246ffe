//! The progress bar on standard error, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sluice_one_machine::Progress;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Shows how far a run is: bytes of the inputs as stored, and records committed or
/// documents sent.
pub(crate) struct Bar {
    bar: ProgressBar,
    records: AtomicU64,
}

const REDRAW: Duration = Duration::from_millis(200);

impl Bar {
    /// A bar over `total_bytes`, a counter where the total is not known. `quiet` shows nothing.
    pub(crate) fn new(total_bytes: Option<u64>, quiet: bool) -> Self {
        // Standard error that is no terminal hides the bar, too.
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let template = match total_bytes {
            Some(_) => {
                "{bar:14} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left{msg}"
            }
            None => "{spinner} {decimal_bytes}, {decimal_bytes_per_sec}{msg}",
        };
        let style = ProgressStyle::with_template(template).expect("the template is a constant");
        let bar = ProgressBar::with_draw_target(total_bytes, target).with_style(style);
        bar.enable_steady_tick(REDRAW);
        Bar { bar, records: AtomicU64::new(0) }
    }

    pub(crate) fn show(&self, progress: Progress) {
        match progress {
            Progress::Read { bytes } => self.bar.inc(bytes),
            Progress::Committed { records } => {
                let before = self.records.fetch_add(records, Ordering::Relaxed);
                let records = crate::text::counted(before + records, "record");
                self.bar.set_message(format!(", {records}"));
            }
        }
    }

    /// Shows how many documents the server took so far.
    pub(crate) fn sent(&self, documents: u64) {
        self.bar.set_message(format!(", {}", crate::text::counted(documents, "document")));
    }

    /// A bar over documents that are replayed.
    pub(crate) fn over_documents(total: u64, quiet: bool) -> Self {
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let template = "{bar:14} {human_pos} of {human_len} documents, {eta} left";
        let style = ProgressStyle::with_template(template).expect("the template is a constant");
        let bar = ProgressBar::with_draw_target(Some(total), target).with_style(style);
        bar.enable_steady_tick(REDRAW);
        Bar { bar, records: AtomicU64::new(0) }
    }

    /// Shows how many documents are replayed.
    pub(crate) fn replayed(&self, documents: u64) {
        self.bar.set_position(documents);
    }

    /// Removes the bar from the terminal.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

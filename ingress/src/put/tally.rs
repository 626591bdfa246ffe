//! What a run did so far, kept by all its threads.

use super::outgoing::Place;
use serde::Serialize;
use uuid::Uuid;

/// Failures kept; the rest is counted.
const FAILURES_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) documents: u64,
    /// Of their content, decompressed.
    pub(super) bytes: u64,
    pub(super) there_documents: u64,
    pub(super) there_bytes: u64,
    pub(super) failures: Vec<Failed>,
    pub(super) failures_count: u64,
    /// Every document that the server holds, for `--wait`.
    pub(super) ids: Vec<Uuid>,
    pub(super) unconfirmed: Vec<Unconfirmed>,
    /// Whether `ids` are wanted.
    pub(super) keep_ids: bool,
}

/// Something of an input that the server does not hold.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Failed {
    pub(super) file: String,
    pub(super) offset: u64,
    pub(super) code: String,
    pub(super) message: String,
}

/// A document that was taken, while what is held under its id is not told yet.
#[derive(Debug, Clone)]
pub(super) struct Unconfirmed {
    pub(super) id: Uuid,
    pub(super) place: Place,
    pub(super) bytes: u64,
}

impl Tally {
    pub(super) fn failed(
        &mut self,
        place: Place,
        code: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.failures_count += 1;
        if self.failures.len() < FAILURES_MAX {
            let Place { source, offset } = place;
            let (code, message) = (code.into(), message.into());
            self.failures.push(Failed { file: source.to_string(), offset, code, message });
        }
    }

    pub(super) fn sent(&mut self, id: Uuid, bytes: u64) {
        self.documents += 1;
        self.bytes += bytes;
        self.holds(id);
    }

    pub(super) fn holds(&mut self, id: Uuid) {
        if self.keep_ids {
            self.ids.push(id);
        }
    }
}

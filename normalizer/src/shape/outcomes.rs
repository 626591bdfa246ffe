//! What became of each document of a batch.

use super::rejects::WHOLE_DOCUMENT;
use super::shaped::Shaped;
use super::values::{Column, Values};
use crate::limits::OUTCOME_REASONS_MAX;

/// What became of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentOutcome {
    /// Records that are rows of the root table.
    pub rows: u64,
    /// Records that are rejects; a document rejected as a whole is one.
    pub rejects: u64,
    /// Why, for the first [`OUTCOME_REASONS_MAX`] rejects.
    pub reasons: Vec<RejectReason>,
}

/// Why a record, or a whole document, is a reject. Holds no content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectReason {
    /// Position of the record in its document, none for the document as a whole.
    pub record: Option<u32>,
    /// Stable.
    pub code: String,
    /// For a person.
    pub message: String,
    /// JSON Pointer into the record, where one place is to blame.
    pub pointer: Option<String>,
}

impl Shaped {
    /// What became of each document, in the order they were shaped.
    #[must_use]
    pub fn outcomes(&self) -> Vec<DocumentOutcome> {
        let mut outcomes = vec![DocumentOutcome::default(); self.documents.len()];
        let root = self.tables.iter().find(|table| table.place == 0);
        for &document in root.into_iter().flat_map(|root| &root.lineage.document) {
            outcomes[document as usize].rows += 1;
        }
        let rejects = &self.rejects;
        let mut pointers = rejects.pointer.rows.rows().enumerate().peekable();
        for (at, (&document, &record)) in rejects.document.iter().zip(&rejects.record).enumerate() {
            let pointer = pointers.next_if(|&(_, row)| row as usize == at);
            let outcome = &mut outcomes[document as usize];
            outcome.rejects += 1;
            if outcome.reasons.len() < OUTCOME_REASONS_MAX {
                outcome.reasons.push(RejectReason {
                    record: (record != WHOLE_DOCUMENT).then_some(record),
                    code: text(&rejects.code, at),
                    message: text(&rejects.message, at),
                    pointer: pointer.map(|(at, _)| text(&rejects.pointer, at)),
                });
            }
        }
        outcomes
    }
}

fn text(column: &Column, at: usize) -> String {
    match &column.values {
        Values::Texts(texts) => String::from_utf8_lossy(texts.get(at)).into_owned(),
        _ => unreachable!("the columns of rejects are texts"),
    }
}

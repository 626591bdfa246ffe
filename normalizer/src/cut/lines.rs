//! NDJSON: documents of whole lines.

use memchr::{memchr, memrchr};

use super::Cut;
use super::held::Held;
use crate::document::Form;

/// Reads lines. It fills a document and then looks back for the last line's end, so that most
/// bytes are only copied.
#[derive(Debug)]
pub(super) struct Lines {
    document_bytes: usize,
    /// Whole lines and the start of another, up to `document_bytes`; or one longer line.
    held: Held,
}

impl Lines {
    pub(super) fn new(document_bytes: usize) -> Self {
        Lines { document_bytes, held: Held::default() }
    }

    /// Takes some of `bytes`, which are not empty; says how many.
    pub(super) fn feed(&mut self, offset: u64, bytes: &[u8], out: &mut dyn FnMut(Cut)) -> usize {
        if self.held.len() < self.document_bytes {
            return self.held.fill(self.document_bytes, offset, bytes);
        }
        if self.held.len() == self.document_bytes
            && let Some(newline) = memrchr(b'\n', self.held.bytes())
        {
            self.held.split(newline + 1, newline + 1, Form::Ndjson, out);
            return 0;
        }
        let newline = memchr(b'\n', bytes);
        let taken = newline.map_or(bytes.len(), |at| at + 1);
        self.held.push(offset, &bytes[..taken]);
        if newline.is_some() {
            self.held.give(Form::Ndjson, out);
        }
        taken
    }

    pub(super) fn finish(mut self, out: &mut dyn FnMut(Cut)) {
        self.held.give(Form::Ndjson, out);
    }

    pub(super) fn capacity_bytes(&self) -> usize {
        self.held.capacity_bytes()
    }
}

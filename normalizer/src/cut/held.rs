//! The bytes set aside for the next cut.

use super::{Cut, OVERSIZE_HEAD_BYTES, scan};
use crate::document::Form;
use crate::limits::DOCUMENT_BYTES_MAX;

/// A contiguous range of the file that begins with no whitespace; past [`DOCUMENT_BYTES_MAX`] only
/// its first bytes and its length.
#[derive(Debug, Default)]
pub(super) struct Held {
    offset: u64,
    bytes: Vec<u8>,
    len: usize,
}

impl Held {
    /// Bytes of the range, also of one that is too large to hold.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The range; of one too large its first bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn capacity_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn is_oversize(&self) -> bool {
        self.len > DOCUMENT_BYTES_MAX
    }

    /// Adds the bytes that follow, `offset` being where they are in the file; whitespace at the
    /// start of the range is left out.
    pub(super) fn push(&mut self, offset: u64, bytes: &[u8]) {
        let mut rest = bytes;
        if self.len == 0 {
            let blank = scan::blank_bytes(bytes);
            rest = &bytes[blank..];
            self.offset = offset + blank as u64;
        }
        self.len += rest.len();
        if self.is_oversize() {
            let missing = OVERSIZE_HEAD_BYTES.saturating_sub(self.bytes.len());
            self.bytes.extend_from_slice(&rest[..missing.min(rest.len())]);
            self.bytes.truncate(OVERSIZE_HEAD_BYTES);
            self.bytes.shrink_to_fit();
        } else {
            self.bytes.extend_from_slice(rest);
        }
    }

    /// Pushes as many bytes as fit `limit_bytes`; says how many it took.
    pub(super) fn fill(&mut self, limit_bytes: usize, offset: u64, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(limit_bytes.saturating_sub(self.len));
        self.push(offset, &bytes[..taken]);
        taken
    }

    /// Gives the range out as a cut, if there is one, and is empty after.
    pub(super) fn give(&mut self, form: Form, out: &mut dyn FnMut(Cut)) {
        let oversize = self.is_oversize().then_some(self.len as u64);
        let (offset, body) = self.take();
        if !body.is_empty() {
            out(Cut { form, offset, body, oversize });
        }
    }

    /// Gives out the first `given` bytes and keeps those from `kept` on, the range fitting a
    /// document.
    pub(super) fn split(
        &mut self,
        given: usize,
        kept: usize,
        form: Form,
        out: &mut dyn FnMut(Cut),
    ) {
        let mut next = Held { bytes: Vec::with_capacity(self.bytes.len()), ..Held::default() };
        next.push(self.offset + kept as u64, &self.bytes[kept..]);
        self.bytes.truncate(given);
        self.len = given;
        self.give(form, out);
        *self = next;
    }

    /// Where the range is in the file, and its bytes; it is empty after.
    pub(super) fn take(&mut self) -> (u64, Vec<u8>) {
        let held = std::mem::take(self);
        (held.offset, held.bytes)
    }
}

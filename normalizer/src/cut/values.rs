//! Objects one after the other, on as many lines as they like: each is a document.

use super::Cut;
use super::held::Held;
use super::scan::{Scan, blank_bytes};
use crate::document::Form;

/// Reads top-level values. The first byte that begins none is a break.
#[derive(Debug, Default)]
pub(super) struct Values {
    scan: Scan,
    /// The value that is open.
    held: Held,
}

impl Values {
    /// Takes `bytes` up to the break, if there is one; says how many.
    pub(super) fn feed(&mut self, offset: u64, bytes: &[u8], out: &mut dyn FnMut(Cut)) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let from = at;
            if !self.scan.is_open() {
                at += blank_bytes(&bytes[at..]);
                match bytes.get(at) {
                    Some(byte @ (b'{' | b'[')) => self.scan.open(*byte),
                    _ => return at,
                }
                at += 1;
            }
            at += self.scan.within(&bytes[at..]);
            self.held.push(offset + from as u64, &bytes[from..at]);
            if !self.scan.is_open() {
                self.held.give(Form::Json, out);
            }
        }
        at
    }

    pub(super) fn finish(mut self, out: &mut dyn FnMut(Cut)) {
        self.held.give(Form::Json, out);
    }

    pub(super) fn capacity_bytes(&self) -> usize {
        self.held.capacity_bytes()
    }
}

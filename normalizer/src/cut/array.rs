//! One JSON array too large for a document: documents of its elements.

use super::Cut;
use super::held::Held;
use super::scan::{Scan, unblank_bytes};
use crate::document::Form;

/// Reads the inside of an array, from behind its `[`.
///
/// A comma where an element should begin belongs to that element, which the core then rejects.
#[derive(Debug)]
pub(super) struct Array {
    document_bytes: usize,
    scan: Scan,
    /// The run: whole elements with the commas between them, then the comma and the start of
    /// another. Whitespace behind an element counts as the element's until its comma is reached.
    held: Held,
    /// Bytes of the run's whole elements.
    whole_bytes: usize,
    /// Where the element that is being read begins in `held`, whitespace before it included.
    element_at: usize,
    place: Place,
}

/// Where between the brackets the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Behind the `[`.
    First,
    /// Behind a comma.
    Next,
    /// In an element, or behind it.
    Element,
    /// Behind the `]`.
    Closed,
}

impl Array {
    pub(super) fn new(document_bytes: usize) -> Self {
        Array {
            document_bytes,
            scan: Scan::default(),
            held: Held::default(),
            whole_bytes: 0,
            element_at: 0,
            place: Place::First,
        }
    }

    /// Takes `bytes` up to the break in the array's structure, if there is one; says how many.
    pub(super) fn feed(&mut self, offset: u64, bytes: &[u8], out: &mut dyn FnMut(Cut)) -> usize {
        // Where the bytes begin that are not held yet.
        let mut from = 0;
        let mut at = 0;
        while at < bytes.len() {
            if self.scan.is_open() {
                at += self.scan.within(&bytes[at..]);
                continue;
            }
            let byte = bytes[at];
            match (byte, self.place) {
                (b' ' | b'\t' | b'\n' | b'\r', _) => {}
                (_, Place::Closed) => return at,
                (b',', Place::Element) => {
                    self.push(offset + from as u64, &bytes[from..at], out);
                    self.end_element(out);
                    self.separate(offset + at as u64);
                    from = at + 1;
                }
                (b']' | b'}', place) => {
                    self.push(offset + from as u64, &bytes[from..at], out);
                    self.end_element(out);
                    self.give_run(out);
                    if byte == b'}' || place == Place::Next {
                        return at;
                    }
                    self.place = Place::Closed;
                }
                (b'"' | b'{' | b'[', _) => {
                    self.scan.open(byte);
                    self.place = Place::Element;
                }
                _ => self.place = Place::Element,
            }
            at += 1;
        }
        if self.place != Place::Closed {
            self.push(offset + from as u64, &bytes[from..], out);
        }
        at
    }

    /// Ends the file. An array that is still open leaves a cut that the core rejects, even if its
    /// last element is whole.
    pub(super) fn finish(mut self, offset: u64, out: &mut dyn FnMut(Cut)) {
        if self.place == Place::Closed {
            return;
        }
        if self.scan.is_open() {
            self.give_run(out);
            self.held.give(Form::Json, out);
        } else {
            self.end_element(out);
            self.give_run(out);
            out(Cut { form: Form::Json, offset, body: Vec::new(), oversize: None });
        }
    }

    /// Adds bytes of the element that is being read; the run is given out once they do not fit.
    fn push(&mut self, offset: u64, bytes: &[u8], out: &mut dyn FnMut(Cut)) {
        if self.held.len() + bytes.len() > self.document_bytes {
            self.give_run(out);
        }
        self.held.push(offset, bytes);
    }

    /// The element, if one has begun, is part of the run; no other fits beside one that fills a
    /// document.
    fn end_element(&mut self, out: &mut dyn FnMut(Cut)) {
        if self.place == Place::Element {
            self.element_at = self.held.len();
            self.whole_bytes = unblank_bytes(self.held.bytes());
            if self.held.len() >= self.document_bytes {
                self.give_run(out);
            }
        }
    }

    /// The comma behind an element stays only where the run goes on.
    fn separate(&mut self, offset: u64) {
        if self.whole_bytes > 0 {
            self.held.push(offset, b",");
            self.element_at = self.held.len();
        }
        self.place = Place::Next;
    }

    /// Gives out the whole elements; what follows them is held on.
    fn give_run(&mut self, out: &mut dyn FnMut(Cut)) {
        if self.held.is_oversize() && self.whole_bytes > 0 {
            self.held.give(Form::Elements, out);
        } else if self.whole_bytes > 0 {
            self.held.split(self.whole_bytes, self.element_at, Form::Elements, out);
        }
        self.whole_bytes = 0;
        self.element_at = 0;
    }

    pub(super) fn capacity_bytes(&self) -> usize {
        self.held.capacity_bytes()
    }
}

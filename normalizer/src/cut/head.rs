//! The start of a file: its byte order mark, and which form it has.

use memchr::memchr;

use super::scan::{Scan, blank_bytes};
use super::{InputForm, LOOK_AHEAD_BYTES_MAX};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The first bytes, set aside until the form is known.
#[derive(Debug, Default)]
pub(super) struct Head {
    told: Option<InputForm>,
    /// Where `bytes` begins in the file.
    offset: u64,
    bytes: Vec<u8>,
    /// Whether the byte order mark has been looked for.
    marked: bool,
    /// The end of the first line, once found, when that line is one JSON value.
    line_bytes: Option<usize>,
    /// Bytes that need no second look.
    searched: usize,
}

impl Head {
    pub(super) fn new(told: Option<InputForm>) -> Self {
        Head { told, ..Head::default() }
    }

    /// Sets bytes aside, as far as the look-ahead reaches; says how many it took.
    pub(super) fn fill(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(LOOK_AHEAD_BYTES_MAX - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..taken]);
        taken
    }

    /// The form, once known; `ended`: nothing follows. `None` after the end means that there is no
    /// record.
    pub(super) fn form(&mut self, ended: bool) -> Option<InputForm> {
        if !self.marked {
            if !ended
                && self.bytes.len() < BYTE_ORDER_MARK.len()
                && BYTE_ORDER_MARK.starts_with(&self.bytes)
            {
                return None;
            }
            self.marked = true;
            if self.bytes.starts_with(BYTE_ORDER_MARK) {
                self.drop_front(BYTE_ORDER_MARK.len());
            }
        }
        self.drop_front(blank_bytes(&self.bytes));
        match (self.told, self.bytes.first()?) {
            (Some(form), _) => Some(form),
            (None, b'{' | b'[') => self.form_by_first_line(ended),
            (None, _) => Some(InputForm::Ndjson),
        }
    }

    /// NDJSON when the first line is one JSON value and something follows it.
    fn form_by_first_line(&mut self, ended: bool) -> Option<InputForm> {
        let unknown = if ended || self.bytes.len() == LOOK_AHEAD_BYTES_MAX {
            Some(InputForm::Json)
        } else {
            None
        };
        if self.line_bytes.is_none() {
            let Some(found) = memchr(b'\n', &self.bytes[self.searched..]) else {
                self.searched = self.bytes.len();
                return unknown;
            };
            self.searched += found;
            if !is_one_value(&self.bytes[..self.searched]) {
                return Some(InputForm::Json);
            }
            self.line_bytes = Some(self.searched);
        }
        self.searched += blank_bytes(&self.bytes[self.searched..]);
        if self.searched < self.bytes.len() { Some(InputForm::Ndjson) } else { unknown }
    }

    fn drop_front(&mut self, count: usize) {
        self.bytes.drain(..count);
        self.offset += count as u64;
    }

    /// Where the bytes set aside begin in the file, and these bytes.
    pub(super) fn take(&mut self) -> (u64, Vec<u8>) {
        (self.offset, std::mem::take(&mut self.bytes))
    }

    pub(super) fn capacity_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

/// Whether the line is one object or array by its brackets.
fn is_one_value(line: &[u8]) -> bool {
    let mut scan = Scan::default();
    scan.open(line[0]);
    let value_bytes = 1 + scan.within(&line[1..]);
    !scan.is_open() && blank_bytes(&line[value_bytes..]) == line.len() - value_bytes
}

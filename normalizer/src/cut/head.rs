//! The start of a file: its byte order mark, and which form it has.

use memchr::memchr;

use super::scan::{Scan, blank_bytes, unblank_bytes};
use super::structure::{Structure, structure};
use super::{InputForm, LOOK_AHEAD_BYTES_MAX};
use crate::limits::DOCUMENT_BYTES_MAX;

/// How far behind the first line the form is looked for, lines.
const LATER_LINES_MAX: usize = 64;

/// What is set aside at most, bytes: the first line may be as long as a document.
const HEAD_BYTES_MAX: usize = DOCUMENT_BYTES_MAX;

const _: () = assert!(LOOK_AHEAD_BYTES_MAX < HEAD_BYTES_MAX);

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
    /// The first line, once its end is found.
    first_line: Option<FirstLine>,
    /// The first line begins with an object that does not end within the look-ahead.
    is_long_object: bool,
    /// Whole lines found behind it.
    later_lines: usize,
    /// Bytes that need no second look.
    searched: usize,
}

#[derive(Debug, Clone, Copy)]
struct FirstLine {
    bytes: usize,
    /// It is one object or array by its brackets.
    is_value: bool,
}

impl FirstLine {
    /// Where the look-ahead ends.
    fn look_ahead_end(self) -> usize {
        (self.bytes + LOOK_AHEAD_BYTES_MAX).min(HEAD_BYTES_MAX)
    }
}

impl Head {
    pub(super) fn new(told: Option<InputForm>) -> Self {
        Head { told, ..Head::default() }
    }

    /// Sets bytes aside, as far as the look-ahead reaches; says how many it took.
    pub(super) fn fill(&mut self, bytes: &[u8]) -> usize {
        // A step further only where the one before did not tell the form.
        let step = match self.bytes.len() {
            0..LOOK_AHEAD_BYTES_MAX => LOOK_AHEAD_BYTES_MAX,
            _ => HEAD_BYTES_MAX,
        };
        let taken = bytes.len().min(step - self.bytes.len());
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
            (None, b'{' | b'[') => self.form_by_lines(ended),
            (None, _) => Some(InputForm::Ndjson),
        }
    }

    /// NDJSON when the first line is one JSON value and something follows it, or when it is broken
    /// and the lines behind it are NDJSON.
    fn form_by_lines(&mut self, ended: bool) -> Option<InputForm> {
        let Some(line) = self.first_line else {
            let Some(found) = memchr(b'\n', &self.bytes[self.searched..]) else {
                self.searched = self.bytes.len();
                return self.form_by_open_line(ended);
            };
            self.searched += found;
            let line = &self.bytes[..self.searched];
            // A bracket alone begins an array or object that is laid out in lines.
            if unblank_bytes(line) == 1 {
                return Some(InputForm::Json);
            }
            self.first_line = Some(FirstLine { bytes: line.len(), is_value: is_one_value(line) });
            return self.form_by_lines(ended);
        };
        let limit = self.bytes.len().min(line.look_ahead_end());
        if !line.is_value {
            return self.form_by_later_lines(line, limit, ended);
        }
        self.searched += blank_bytes(&self.bytes[self.searched..limit]);
        if self.searched < limit {
            Some(InputForm::Ndjson)
        } else {
            (ended || limit == line.look_ahead_end()).then_some(InputForm::Json)
        }
    }

    /// The first line goes on past what is there. As a line of NDJSON it is one object up to its
    /// end; past the size of a document it is no record in any form.
    fn form_by_open_line(&mut self, ended: bool) -> Option<InputForm> {
        if ended {
            return Some(InputForm::Json);
        }
        let looked_at = self.bytes.get(..LOOK_AHEAD_BYTES_MAX)?;
        self.is_long_object = self.is_long_object || (looked_at[0] == b'{' && is_open(looked_at));
        if !self.is_long_object {
            return Some(InputForm::Json);
        }
        let form = || if is_open(&self.bytes) { InputForm::Ndjson } else { InputForm::Json };
        (self.bytes.len() == HEAD_BYTES_MAX).then(form)
    }

    /// The first line is not one value by itself. It stays JSON if the text as a whole goes on as
    /// JSON, or if its lines lean on one another more often than they stand alone.
    fn form_by_later_lines(
        &mut self,
        line: FirstLine,
        limit: usize,
        ended: bool,
    ) -> Option<InputForm> {
        // Only whole lines count, so that the answer does not depend on how the file is fed.
        while self.later_lines < LATER_LINES_MAX {
            let from = self.searched + 1;
            let Some(found) = self.bytes.get(from..limit).and_then(|rest| memchr(b'\n', rest))
            else {
                break;
            };
            self.searched = from + found;
            self.later_lines += 1;
        }
        let end = if self.later_lines == LATER_LINES_MAX {
            self.searched
        } else if ended || limit == line.look_ahead_end() {
            limit
        } else {
            return None;
        };
        let text = &self.bytes[..end];
        let is_whole_file = ended && end == self.bytes.len();
        let json = match structure(text) {
            Structure::Whole => true,
            // An array cut short is told from lines by its elements; an object that never closes
            // is more likely a broken line.
            Structure::Open => !is_whole_file || text[0] == b'[',
            Structure::Broken => false,
        };
        let lines = if is_whole_file { text } else { &text[..self.searched] };
        let ndjson = !json && lines_stand_alone(&lines[line.bytes..]);
        Some(if ndjson { InputForm::Ndjson } else { InputForm::Json })
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

/// Whether more of the lines are one object each than lean on the line before or after.
fn lines_stand_alone(lines: &[u8]) -> bool {
    let (mut alone, mut leaning) = (0, 0);
    for line in lines.split(|byte| *byte == b'\n') {
        let line = &line[..unblank_bytes(line)];
        let (Some(first), Some(last)) = (line.first(), line.last()) else {
            continue;
        };
        if *first == b'{' && is_one_value(line) {
            alone += 1;
        } else if matches!(first, b' ' | b'\t' | b'}' | b']' | b',')
            || matches!(last, b',' | b'[' | b'{' | b':')
        {
            leaning += 1;
        }
    }
    alone > leaning
}

/// Whether the value that begins the text goes on past its end.
fn is_open(text: &[u8]) -> bool {
    let mut scan = Scan::default();
    scan.open(text[0]);
    scan.within(&text[1..]);
    scan.is_open()
}

/// Whether the line is one object or array by its brackets.
fn is_one_value(line: &[u8]) -> bool {
    let mut scan = Scan::default();
    scan.open(line[0]);
    let value_bytes = 1 + scan.within(&line[1..]);
    !scan.is_open() && blank_bytes(&line[value_bytes..]) == line.len() - value_bytes
}

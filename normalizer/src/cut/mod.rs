//! Cuts a file of any size into documents at record boundaries, holding little more than one
//! document at a time.
//!
//! The file is fed in pieces of any size, and the cuts depend on its bytes alone, never on the
//! pieces. Every byte outside whitespace and structure (an array's brackets, the comma between two
//! documents) ends in exactly one [`Cut`]; of a record too large for a document the first bytes do,
//! and its size.
//!
//! | the file | its documents |
//! |---|---|
//! | NDJSON | runs of whole lines, [`Form::Ndjson`] |
//! | one JSON array that fits one document | the text as it is, [`Form::Json`] |
//! | a larger JSON array | runs of its elements, [`Form::Elements`] |
//! | one JSON object, or several one after the other | each object, [`Form::Json`] |
//! | what follows a break in the structure | pieces, [`Form::Json`], for the core to reject |

mod array;
mod head;
mod held;
mod lines;
mod scan;
mod structure;
mod values;

use crate::document::Form;
use crate::limits::DOCUMENT_BYTES_MAX;

/// What a [`Cut`] keeps of a record too large for a document, bytes.
const OVERSIZE_HEAD_BYTES: usize = 64 * 1024;

/// How far the form of a file is looked for, behind its first line, bytes.
const LOOK_AHEAD_BYTES_MAX: usize = 1024 * 1024;

const _: () = assert!(OVERSIZE_HEAD_BYTES < DOCUMENT_BYTES_MAX);

/// How a file holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputForm {
    /// An array of objects, or objects one after the other, on as many lines as they like.
    Json,
    /// One object a line.
    Ndjson,
}

/// One document of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// How `body` holds its records.
    pub form: Form,
    /// Where `body` begins in the file, bytes; a byte order mark and whitespace count.
    pub offset: u64,
    /// A contiguous range of the file, at most [`DOCUMENT_BYTES_MAX`] bytes. Empty only where a
    /// large array ends without its `]`: the core rejects it, so that the lack is not silent.
    pub body: Vec<u8>,
    /// The bytes of the record this cut is for, when it is larger than [`DOCUMENT_BYTES_MAX`]:
    /// `body` then holds only its first bytes.
    pub oversize: Option<u64>,
}

/// Cuts one file into documents: fed its bytes, it hands out every document once complete.
///
/// Holds at most one document or one record, whichever is larger, and never more than
/// [`DOCUMENT_BYTES_MAX`]; a handed-out [`Cut`] is the caller's. A file without a record (empty, or
/// only whitespace, or `[]` with a lot of it) may give no cut at all.
#[derive(Debug)]
pub struct Cutter {
    document_bytes: usize,
    /// Where the next byte the stage takes is in the file.
    offset: u64,
    stage: Stage,
}

/// How the bytes are being read. A file goes down this list, never up, which bounds
/// the recursion of [`Cutter::replay`].
#[derive(Debug)]
enum Stage {
    Head(head::Head),
    /// An array that may yet fit one document.
    Whole(held::Held),
    Array(array::Array),
    Values(values::Values),
    Lines(lines::Lines),
    /// Past a break in the structure.
    Remains(held::Held),
}

impl Cutter {
    /// A cutter at the start of a file.
    ///
    /// `form`: as told, or `None` to find it out from the first bytes. `document_bytes`: the size a
    /// document may reach unless a single record is larger; held to 1 to [`DOCUMENT_BYTES_MAX`].
    #[must_use]
    pub fn new(form: Option<InputForm>, document_bytes: usize) -> Self {
        Cutter {
            document_bytes: document_bytes.clamp(1, DOCUMENT_BYTES_MAX),
            offset: 0,
            stage: Stage::Head(head::Head::new(form)),
        }
    }

    /// Takes the file's next bytes, decompressed, and gives `out` every document they complete.
    pub fn feed(&mut self, bytes: &[u8], out: &mut dyn FnMut(Cut)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self.step(rest, out);
            rest = &rest[taken..];
        }
    }

    /// Ends the file and gives `out` what is left.
    pub fn finish(mut self, out: &mut dyn FnMut(Cut)) {
        if let Stage::Head(head) = &mut self.stage
            && let Some(form) = head.form(true)
        {
            let (offset, bytes) = head.take();
            self.begin(form, offset, &bytes, out);
        }
        match self.stage {
            // No record in it.
            Stage::Head(_) => {}
            Stage::Whole(mut held) | Stage::Remains(mut held) => held.give(Form::Json, out),
            Stage::Array(array) => array.finish(self.offset, out),
            Stage::Values(values) => values.finish(out),
            Stage::Lines(lines) => lines.finish(out),
        }
    }

    /// Takes some of `bytes`, or goes to the next stage, or both; says how many it took.
    fn step(&mut self, bytes: &[u8], out: &mut dyn FnMut(Cut)) -> usize {
        let taken = match &mut self.stage {
            Stage::Head(head) => {
                let taken = head.fill(bytes);
                if let Some(form) = head.form(false) {
                    let (offset, bytes) = head.take();
                    self.begin(form, offset, &bytes, out);
                    return taken;
                }
                taken
            }
            Stage::Whole(held) => {
                if held.len() == self.document_bytes {
                    let (offset, text) = held.take();
                    self.stage = Stage::Array(array::Array::new(self.document_bytes));
                    self.replay(offset + 1, &text[1..], out);
                    return 0;
                }
                held.fill(self.document_bytes, self.offset, bytes)
            }
            Stage::Array(array) => array.feed(self.offset, bytes, out),
            Stage::Values(values) => values.feed(self.offset, bytes, out),
            Stage::Lines(lines) => lines.feed(self.offset, bytes, out),
            Stage::Remains(held) => {
                if held.len() == self.document_bytes {
                    held.give(Form::Json, out);
                }
                held.fill(self.document_bytes, self.offset, bytes)
            }
        };
        self.offset += taken as u64;
        let broken =
            matches!(self.stage, Stage::Array(_) | Stage::Values(_)) && taken < bytes.len();
        if broken {
            self.stage = Stage::Remains(held::Held::default());
        }
        taken
    }

    /// Chooses how to read a file whose record or array begins with `bytes`.
    fn begin(&mut self, form: InputForm, offset: u64, bytes: &[u8], out: &mut dyn FnMut(Cut)) {
        self.stage = match (form, bytes.first()) {
            (InputForm::Ndjson, _) => Stage::Lines(lines::Lines::new(self.document_bytes)),
            (InputForm::Json, Some(b'[')) => Stage::Whole(held::Held::default()),
            (InputForm::Json, _) => Stage::Values(values::Values::default()),
        };
        self.replay(offset, bytes, out);
    }

    /// Takes bytes that a stage before had set aside.
    fn replay(&mut self, offset: u64, bytes: &[u8], out: &mut dyn FnMut(Cut)) {
        self.offset = offset;
        self.feed(bytes, out);
    }

    /// Bytes set aside for what no document has been given out for yet.
    #[doc(hidden)]
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        match &self.stage {
            Stage::Head(head) => head.capacity_bytes(),
            Stage::Whole(held) | Stage::Remains(held) => held.capacity_bytes(),
            Stage::Array(array) => array.capacity_bytes(),
            Stage::Values(values) => values.capacity_bytes(),
            Stage::Lines(lines) => lines.capacity_bytes(),
        }
    }
}

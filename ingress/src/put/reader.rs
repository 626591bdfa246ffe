//! Reads the inputs and makes documents of them.

use super::chain::{Chain, ChainError, Followed};
use super::courier::Courier;
use super::ids::{Named, document_id};
use super::outgoing::{Outgoing, Place};
use super::tally::Tally;
use crate::client::ClientError;
use serde::de::IgnoredAny;
use sluice_normalizer::limits::DOCUMENT_BYTES_MAX;
use sluice_normalizer::{Cut, Cutter, Form, InputForm, TableName};
use sluice_one_machine::{Input, InputError, OpenInput};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};

/// How the inputs are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) table: &'a TableName,
    pub(super) form: Option<InputForm>,
    pub(super) body_bytes_max: usize,
    pub(super) gzip: bool,
}

/// Why reading ended before the inputs did.
#[derive(Debug)]
pub(super) enum ReadError {
    Input(InputError),
    Client(ClientError),
    /// The senders stopped and know why.
    Stopped,
}

/// The way of documents from the reader to the senders.
pub(super) struct Desk<'a> {
    pub(super) courier: &'a Courier<'a>,
    pub(super) queue: SyncSender<Outgoing>,
    pub(super) tally: &'a Mutex<Tally>,
}

impl Desk<'_> {
    fn send(&self, document: Outgoing) -> Result<(), ReadError> {
        self.queue.send(document).map_err(|_| ReadError::Stopped)
    }

    fn note(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn failed(&self, place: Place, code: &str, message: &str) {
        self.note(|tally| tally.failed(place, code, message));
    }
}

/// Reads one input to its end. What of it cannot be a document is noted as failed.
pub(super) fn read_input(
    input: &Input,
    reading: Reading<'_>,
    desk: &Desk<'_>,
    on_read: &dyn Fn(u64),
) -> Result<(), ReadError> {
    let mut open = input.open(on_read).map_err(ReadError::Input)?;
    let source = Arc::clone(open.source());
    let form = reading.form.or_else(|| input.form_by_name());
    let chain =
        (!open.is_stream()).then(|| Chain::new(desk.courier, reading.table, &source, reading.gzip));
    let mut file = File { reading, desk, source: Arc::clone(&source), chain };
    match file.read(&mut open, form) {
        Err(FileError::Changed { offset, message }) => {
            let place = Place { source, offset };
            desk.failed(place, "file_changed", &format!("{message}; the rest of it is not sent"));
            Ok(())
        }
        Err(FileError::Ended(error)) => Err(error),
        Ok(()) => Ok(()),
    }
}

/// An input being read.
struct File<'a> {
    reading: Reading<'a>,
    desk: &'a Desk<'a>,
    source: Arc<str>,
    /// None for a stream: it has no name to be known by, so its content is.
    chain: Option<Chain<'a>>,
}

enum FileError {
    /// Only this file ends.
    Changed {
        offset: u64,
        message: String,
    },
    Ended(ReadError),
}

impl From<ReadError> for FileError {
    fn from(error: ReadError) -> Self {
        FileError::Ended(error)
    }
}

impl From<ChainError> for FileError {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Client(error) => FileError::Ended(ReadError::Client(error)),
            ChainError::Changed { offset, message } => FileError::Changed { offset, message },
        }
    }
}

impl File<'_> {
    fn read(&mut self, open: &mut OpenInput<'_>, form: Option<InputForm>) -> Result<(), FileError> {
        let mut cutter = Cutter::new(form, self.reading.body_bytes_max);
        let mut cuts = Vec::new();
        let mut ends_with_line = true;
        let mut file_bytes = 0;
        while open
            .read(&mut |bytes| {
                file_bytes += bytes.len() as u64;
                ends_with_line = bytes.last().map_or(ends_with_line, |last| *last == b'\n');
                cutter.feed(bytes, &mut |cut| cuts.push(cut));
            })
            .map_err(ReadError::Input)?
        {
            for cut in cuts.drain(..) {
                self.take(cut)?;
            }
        }
        cutter.finish(&mut |cut| cuts.push(cut));
        let last = cuts.len().checked_sub(1);
        for (index, mut cut) in cuts.into_iter().enumerate() {
            if Some(index) == last && !ends_with_line && self.chain.is_some() {
                self.hold_back_open_line(&mut cut);
            }
            self.take(cut)?;
        }
        match &self.chain {
            Some(chain) => Ok(chain.finish(file_bytes)?),
            None => Ok(()),
        }
    }

    /// A last line that is being written is left for the next run, which finds it whole.
    fn hold_back_open_line(&self, cut: &mut Cut) {
        if cut.form != Form::Ndjson || cut.oversize.is_some() {
            return;
        }
        let line_at = cut.body.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = &cut.body[line_at..];
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let parsed: Result<IgnoredAny, _> = serde_json::from_slice(line);
        if parsed.is_err_and(|error| error.is_eof()) {
            let place = self.place(cut.offset + line_at as u64);
            let message =
                "the last line is cut off: no line end, and no whole JSON; it is not sent";
            self.desk.failed(place, "line_cut_off", message);
            cut.body.truncate(line_at);
        }
    }

    fn take(&mut self, mut cut: Cut) -> Result<(), FileError> {
        let place = self.place(cut.offset);
        if let Some(bytes) = cut.oversize {
            let message =
                format!("a record of {bytes} bytes; one document has {DOCUMENT_BYTES_MAX} at most");
            self.desk.failed(place, "document_too_large", &message);
            return Ok(());
        }
        let Reading { table, gzip, .. } = self.reading;
        if cut.form == Form::Ndjson
            && let Some(chain) = &mut self.chain
        {
            let Followed { there, there_bytes, new } = chain.follow(cut.offset, &cut.body)?;
            self.desk.note(|tally| {
                tally.there_documents += there.len() as u64;
                tally.there_bytes += there_bytes;
                there.into_iter().for_each(|id| tally.holds(id));
            });
            let Some((at, id)) = new else {
                return Ok(());
            };
            let place = self.place(cut.offset + at as u64);
            let content = if at == 0 { cut.body } else { cut.body.split_off(at) };
            let form = Form::Ndjson;
            let document = Outgoing { id, place, form, content, gzip, to_confirm: true };
            return Ok(self.desk.send(document)?);
        }
        if cut.body.is_empty() {
            if cut.form == Form::Json {
                let message = "the array ends without its ]; what came before is sent";
                self.desk.failed(place, "array_not_closed", message);
            }
            return Ok(());
        }
        // A file of one line may become a file of lines: its object is the first of them then.
        let may_grow_lines = self.chain.is_some()
            && cut.form == Form::Json
            && cut.body[0] == b'{'
            && !cut.body.contains(&b'\n');
        let named = if may_grow_lines { Named::Lines } else { Named::Whole };
        let gzip = gzip && !may_grow_lines;
        let id = document_id(table, &self.source, cut.offset, named, &cut.body);
        let (form, content) = (cut.form, cut.body);
        Ok(self.desk.send(Outgoing { id, place, form, content, gzip, to_confirm: false })?)
    }

    fn place(&self, offset: u64) -> Place {
        Place { source: Arc::clone(&self.source), offset }
    }
}

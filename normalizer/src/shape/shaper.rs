//! The shaper: documents of one batch in, records one after the other.

use super::budget::Budget;
use super::paths::Paths;
use super::rejects::{Reason, Rejects, WHOLE_DOCUMENT};
use super::table::Table;
use super::take_back::Journal;
use super::walk::{Record, RecordState, Stop};
use crate::document::Document;
use crate::json::{Tag, Tape};
use crate::limits::TABLE_NAME_CHARS_MAX;
use crate::registry::Registry;
use crate::settings::TableSettings;
use crate::table_name::TableName;

/// A document of the batch, as far as rows need it.
#[derive(Debug, Clone)]
pub(crate) struct DocumentHead {
    pub(crate) id: String,
    pub(crate) received_at_ms: i64,
    pub(crate) principal: Option<String>,
}

/// Shapes the documents of one batch into columns.
///
/// Pure: the outcome depends on the registry, the settings and the documents in their order, and
/// on nothing else (I-6). Memory is bounded by the batch's bytes times a constant (I-7).
#[derive(Debug)]
pub struct Shaper<'a> {
    pub(super) base: &'a Registry,
    /// The base with the columns that the settings declare.
    pub(super) registry: Registry,
    pub(super) settings: &'a TableSettings,
    pub(super) paths: Paths,
    pub(super) tables: Vec<Table>,
    pub(super) rejects: Rejects,
    pub(super) documents: Vec<DocumentHead>,
    pub(super) records: u64,
    pub(super) budget: Budget,
    pub(super) journal: Journal,
    /// Counts object instances; see [`super::paths::PathNode::seen_in`].
    pub(super) instance: u64,
    pub(super) tape: Tape,
    /// The parser's buffer for decoded strings.
    pub(super) text_buffer: Vec<u8>,
    pub(super) scratch: Vec<u8>,
    /// The record being shaped.
    pub(super) record: RecordState,
}

/// Why a document is rejected without a look into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WholeReject {
    /// Shaping it ended the process, or failed without an answer, before.
    Poisoned,
    /// The platform has as many tables as it may have, and this would be another.
    TooManyTables,
    /// It was posted to what is no table name.
    TableName {
        /// As posted, for the reject only.
        posted: String,
    },
    /// Its `Content-Type` is none that Sluice reads.
    MediaType,
    /// Its `Content-Encoding` is none that Sluice reads.
    ContentEncoding,
    /// What is stored of it is not what the front door stores.
    Stored,
}

impl WholeReject {
    fn reason(&self) -> Reason {
        let (code, message) = match self {
            WholeReject::Poisoned => (
                "poisoned",
                "the document was set aside: normalizing it failed without an answer".to_owned(),
            ),
            WholeReject::TooManyTables => (
                "too_many_tables",
                "the document is of a new table, and there are as many as the settings allow"
                    .to_owned(),
            ),
            WholeReject::TableName { posted } => {
                let rule = match TableName::parse(posted) {
                    Err(rule) => rule.to_string(),
                    Ok(_) => "it is not known".to_owned(),
                };
                let posted: String = posted.chars().take(TABLE_NAME_CHARS_MAX).collect();
                ("bad_table_name", format!("{posted:?} is no table name: {rule}"))
            }
            WholeReject::MediaType => (
                "unsupported_media_type",
                "Content-Type is application/json or application/x-ndjson".to_owned(),
            ),
            WholeReject::ContentEncoding => (
                "unsupported_content_encoding",
                "Content-Encoding is gzip, or there is none".to_owned(),
            ),
            WholeReject::Stored => {
                ("bad_object", "the stored object is not base64 of a body".to_owned())
            }
        };
        Reason { code, message, pointer: None }
    }
}

impl<'a> Shaper<'a> {
    /// A shaper for one batch on top of `registry`, which stays as it is.
    #[must_use]
    pub fn new(registry: &'a Registry, settings: &'a TableSettings) -> Self {
        let with_declared = super::declare::with_declared(registry, settings);
        let mut shaper = Shaper {
            base: registry,
            registry: with_declared,
            settings,
            paths: Paths::default(),
            tables: Vec::new(),
            rejects: Rejects::default(),
            documents: Vec::new(),
            records: 0,
            budget: Budget::default(),
            journal: Journal::new(settings.reject_conflicts),
            instance: 0,
            tape: Tape::default(),
            text_buffer: Vec::new(),
            scratch: Vec::new(),
            record: RecordState::default(),
        };
        super::known::load(&mut shaper);
        shaper
    }

    /// Shapes one document. Every record becomes one root row or one reject (I-2); whatever the
    /// bytes are, nothing else happens.
    ///
    /// All documents of a batch have the same UTC receive date.
    pub fn document(&mut self, document: &Document<'_>) {
        let ordinal = self.begin_document(document);
        super::records::document(self, document, ordinal);
    }

    /// Rejects a record of a file that is too large to be shaped: `document.body` holds its first
    /// bytes, `total_bytes` is its size.
    pub fn oversize(&mut self, document: &Document<'_>, total_bytes: u64) {
        let ordinal = self.begin_document(document);
        let reason = Reason {
            code: "record_too_large",
            message: format!(
                "record of {total_bytes} bytes exceeds {}; content holds its first {} bytes",
                crate::limits::DOCUMENT_BYTES_MAX,
                document.body.len()
            ),
            pointer: None,
        };
        self.reject_document(ordinal, &reason, document.body);
    }

    /// Rejects a document as a whole, without looking into it.
    pub fn refused(&mut self, document: &Document<'_>, why: &WholeReject) {
        let ordinal = self.begin_document(document);
        self.reject_document(ordinal, &why.reason(), document.body);
    }

    fn begin_document(&mut self, document: &Document<'_>) -> u32 {
        self.journal.clear();
        self.documents.push(DocumentHead {
            id: document.id.as_str().to_owned(),
            received_at_ms: document.received_at_ms,
            principal: document.principal.map(str::to_owned),
        });
        self.documents.len() as u32 - 1
    }

    pub(super) fn reject_document(&mut self, ordinal: u32, reason: &Reason, content: &[u8]) {
        self.rejects.push(ordinal, WHOLE_DOCUMENT, reason, content);
    }

    pub(super) fn reject_record(&mut self, at: RecordAt, reason: &Reason, content: &[u8]) {
        self.records += 1;
        self.rejects.push(at.document, at.position, reason, content);
    }

    /// Shapes the record on the tape. `text`: the record's own bytes; `source`: what the tape was
    /// read from.
    pub(super) fn record(&mut self, at: RecordAt, source: &[u8], text: &[u8]) {
        let tape = std::mem::take(&mut self.tape);
        let tape = self.record_on(tape, at, source, text);
        self.tape = tape;
    }

    fn record_on(&mut self, mut tape: Tape, at: RecordAt, source: &[u8], text: &[u8]) -> Tape {
        if let Err(reason) = self.check(&tape, text) {
            self.reject_record(at, &reason, text);
            return tape;
        }
        let mark = self.mark();
        self.record = RecordState { row: mark.rows, bytes: text.len(), ..RecordState::default() };
        loop {
            let root = &mut self.tables[0];
            root.lineage.rows += 1;
            root.lineage.document.push(at.document);
            root.lineage.record.push(at.position);
            let node = root.root;
            match self.object(&Record { tape: &tape, source }, node, mark.rows, 0) {
                Ok(_) => {
                    self.tables[0].end_row();
                    self.records += 1;
                    return tape;
                }
                Err(Stop::DuplicateKeys) => {
                    self.take_back(mark);
                    tape.keep_last_keys(source);
                    self.record.deduplicated = true;
                    self.record.rest_bytes = 0;
                }
                Err(Stop::Reject(reason)) => {
                    self.take_back(mark);
                    self.reject_record(at, &reason, text);
                    return tape;
                }
            }
        }
    }

    /// What is judged before shaping.
    fn check(&self, tape: &Tape, text: &[u8]) -> Result<(), Reason> {
        if tape.node(0).tag != Tag::Object {
            return Err(Reason {
                code: "not_an_object",
                message: "a record is a JSON object".to_owned(),
                pointer: None,
            });
        }
        let Some(schema) = &self.settings.schema else {
            return Ok(());
        };
        match schema.check_text(text) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(mismatch)) => Err(Reason {
                code: "schema_mismatch",
                message: format!("the record does not match the schema's {}", mismatch.rule),
                pointer: Some(mismatch.pointer),
            }),
            Err(fault) => Err(Reason { code: fault.code, message: fault.what, pointer: None }),
        }
    }
}

/// Which record of the batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordAt {
    pub(super) document: u32,
    /// Position in the document.
    pub(super) position: u32,
}

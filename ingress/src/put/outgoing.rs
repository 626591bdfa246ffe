//! A document on its way to the server.

use flate2::Compression;
use flate2::write::GzEncoder;
use sluice_normalizer::Form;
use std::io::{self, Write};
use std::sync::Arc;
use uuid::Uuid;

/// Where a document stands in the inputs.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) source: Arc<str>,
    /// Where it begins, decompressed, bytes.
    pub(super) offset: u64,
}

/// A document to send.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: Uuid,
    pub(super) place: Place,
    pub(super) form: Form,
    /// As it stands in the input; a run of array elements lacks its brackets.
    pub(super) content: Vec<u8>,
    pub(super) gzip: bool,
    /// Its id does not name its whole content: an earlier body under it may be another one.
    pub(super) to_confirm: bool,
}

impl Outgoing {
    pub(super) fn content_type(&self) -> &'static str {
        match self.form {
            Form::Ndjson => "application/x-ndjson",
            Form::Json | Form::Elements => "application/json",
        }
    }

    /// The body as sent.
    pub(super) fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut content = std::mem::take(&mut self.content);
        if self.form == Form::Elements {
            content.insert(0, b'[');
            content.push(b']');
        }
        if self.gzip { gzip(&content) } else { Ok(content) }
    }
}

/// Always the same bytes for the same content: no time, no name.
pub(super) fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish()
}

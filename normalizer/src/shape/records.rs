//! A document's records, one after the other.

use super::rejects::Reason;
use super::shaper::{RecordAt, Shaper};
use crate::document::{Document, Encoding, Form};
use crate::json::{Fault, Reader};
use crate::limits::{DOCUMENT_BYTES_MAX, NESTING_LEVELS_MAX};
use jiter::Peek;
use std::borrow::Cow;
use std::io::Read;

pub(super) fn document(shaper: &mut Shaper<'_>, document: &Document<'_>, ordinal: u32) {
    let body = match decompressed(document.encoding, document.body) {
        Ok(body) => body,
        Err(reason) => return shaper.reject_document(ordinal, &reason, document.body),
    };
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
    let (records, rejects) = (shaper.records, shaper.rejects.len());
    let done = match document.form {
        Form::Ndjson => {
            lines(shaper, ordinal, text);
            Ok(())
        }
        Form::Json => whole(shaper, ordinal, text),
        Form::Elements => {
            let mut array = Vec::with_capacity(text.len() + 2);
            array.push(b'[');
            array.extend_from_slice(text);
            array.push(b']');
            // The bracket before is ours, so places in the document are one less.
            whole(shaper, ordinal, &array)
                .map_err(|fault| Fault { offset: fault.offset.saturating_sub(1), ..fault })
        }
    };
    match done {
        Err(fault) => shaper.reject_document(ordinal, &fault.into(), text),
        Ok(()) if shaper.records == records && shaper.rejects.len() == rejects => {
            shaper.reject_document(ordinal, &no_records(), text);
        }
        Ok(()) => {}
    }
}

pub(crate) fn no_records() -> Reason {
    Reason { code: "no_records", message: "the document holds no record".to_owned(), pointer: None }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        let message = format!("{} at byte {}", fault.what, fault.offset);
        Reason { code: fault.code, message, pointer: None }
    }
}

/// A body decompressed, within the limit.
pub(crate) fn decompressed(encoding: Encoding, body: &[u8]) -> Result<Cow<'_, [u8]>, Reason> {
    let too_large = || Reason {
        code: "document_too_large",
        message: format!("document exceeds {DOCUMENT_BYTES_MAX} bytes decompressed"),
        pointer: None,
    };
    match encoding {
        Encoding::Identity if body.len() > DOCUMENT_BYTES_MAX => Err(too_large()),
        Encoding::Identity => Ok(Cow::Borrowed(body)),
        Encoding::Gzip => {
            let mut plain = Vec::new();
            flate2::read::MultiGzDecoder::new(body)
                .take(DOCUMENT_BYTES_MAX as u64 + 1)
                .read_to_end(&mut plain)
                .map_err(|_| Reason {
                    code: "bad_content_encoding",
                    message: "the body is not gzip, as its Content-Encoding says".to_owned(),
                    pointer: None,
                })?;
            if plain.len() > DOCUMENT_BYTES_MAX {
                return Err(too_large());
            }
            Ok(Cow::Owned(plain))
        }
    }
}

/// How large a body is decompressed, bytes; one that is no gzip, or too large, counts as it is or as
/// just too large.
#[must_use]
pub fn unpacked_bytes(encoding: Encoding, body: &[u8]) -> u64 {
    match encoding {
        Encoding::Identity => body.len() as u64,
        Encoding::Gzip => {
            let plain = flate2::read::MultiGzDecoder::new(body).take(DOCUMENT_BYTES_MAX as u64 + 1);
            std::io::copy(&mut { plain }, &mut std::io::sink()).unwrap_or(body.len() as u64)
        }
    }
}

/// NDJSON: every line that is not blank is a record of its own.
fn lines(shaper: &mut Shaper<'_>, document: u32, text: &[u8]) {
    let mut position = 0;
    let mut start = 0;
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
        let line = trim(&text[start..end]);
        start = end + 1;
        if line.is_empty() {
            continue;
        }
        let at = RecordAt { document, position };
        position += 1;
        match read_one(shaper, line) {
            Ok(true) => shaper.record(at, line, line),
            Ok(false) => shaper.reject_record(at, &too_deep(), line),
            Err(fault) => shaper.reject_record(at, &fault.into(), line),
        }
    }
}

/// A line without JSON's white space around it, which is less than ASCII's.
fn trim(line: &[u8]) -> &[u8] {
    let text = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\r');
    match (line.iter().position(text), line.iter().rposition(text)) {
        (Some(first), Some(last)) => &line[first..=last],
        _ => &[],
    }
}

/// Reads a text that is one value onto the shaper's tape; false past the nesting limit.
fn read_one(shaper: &mut Shaper<'_>, text: &[u8]) -> Result<bool, Fault> {
    shaper.tape.clear();
    let mut reader = Reader::new(text, std::mem::take(&mut shaper.text_buffer));
    let read = reader.peek().and_then(|peek| {
        let shallow = reader.value(peek, &mut shaper.tape)?;
        reader.finish()?;
        Ok(shallow)
    });
    shaper.text_buffer = reader.into_scratch();
    read
}

/// One JSON text: an object, or an array of objects.
fn whole(shaper: &mut Shaper<'_>, document: u32, text: &[u8]) -> Result<(), Fault> {
    let mut reader = Reader::new(text, std::mem::take(&mut shaper.text_buffer));
    let mark = shaper.mark();
    let records = shaper.records;
    let done = match reader.peek() {
        Ok(Peek::Array) => elements(shaper, document, text, &mut reader),
        Ok(peek) => single(shaper, document, text, &mut reader, peek),
        Err(fault) => Err(fault),
    };
    shaper.text_buffer = reader.into_scratch();
    if done.is_err() {
        // A text that is broken further on is no document: none of it becomes rows.
        shaper.take_back_document(mark, records);
    }
    done
}

fn single(
    shaper: &mut Shaper<'_>,
    document: u32,
    text: &[u8],
    reader: &mut Reader<'_>,
    peek: Peek,
) -> Result<(), Fault> {
    shaper.tape.clear();
    let start = reader.offset();
    let shallow = reader.value(peek, &mut shaper.tape)?;
    let end = reader.offset();
    reader.finish()?;
    let at = RecordAt { document, position: 0 };
    shape(shaper, at, text, &text[start..end], shallow);
    Ok(())
}

fn elements(
    shaper: &mut Shaper<'_>,
    document: u32,
    text: &[u8],
    reader: &mut Reader<'_>,
) -> Result<(), Fault> {
    let mut position = 0;
    let mut next = reader.enter_array()?;
    while let Some(peek) = next {
        shaper.tape.clear();
        let start = reader.offset();
        let shallow = reader.value(peek, &mut shaper.tape)?;
        let record = &text[start..reader.offset()];
        shape(shaper, RecordAt { document, position }, text, record, shallow);
        position += 1;
        next = reader.next_element()?;
    }
    reader.finish()
}

fn shape(shaper: &mut Shaper<'_>, at: RecordAt, source: &[u8], text: &[u8], shallow: bool) {
    if shallow {
        shaper.record(at, source, text);
    } else {
        shaper.reject_record(at, &too_deep(), text);
    }
    shaper.tape.shrink();
}

fn too_deep() -> Reason {
    Reason {
        code: "nesting_too_deep",
        message: format!("record nests deeper than {NESTING_LEVELS_MAX} levels"),
        pointer: None,
    }
}

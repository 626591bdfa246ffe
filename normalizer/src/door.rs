//! What can be said of a body before it is accepted, at the price of reading it once.

use crate::document::{Encoding, Form};
use crate::json::Reader;
use crate::json::Tape;
use crate::shape::{Reason, decompressed, no_records};
use jiter::Peek;

/// Why a body would become nothing but one reject of the whole document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The code that the reject would have.
    pub code: &'static str,
    /// For a person, without content.
    pub message: String,
}

/// Tells whether a body would be rejected as a whole: wrong compression, too large, broken as JSON
/// text, no object in it. Bodies that pass can still hold rejects, record by record (broken lines,
/// elements that are no objects, nesting, the table's settings).
///
/// # Errors
/// [`Refusal`] with the reject's code.
pub fn check_at_door(form: Form, encoding: Encoding, body: &[u8]) -> Result<(), Refusal> {
    let judged = decompressed(encoding, body).and_then(|body| {
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
        match form {
            // Broken lines are rejects of their own.
            Form::Ndjson if text.iter().all(|byte| b" \t\r\n".contains(byte)) => Err(no_records()),
            Form::Ndjson | Form::Elements => Ok(()),
            Form::Json => json(text),
        }
    });
    judged.map_err(|reason| Refusal { code: reason.code, message: reason.message })
}

fn json(text: &[u8]) -> Result<(), Reason> {
    let mut reader = Reader::new(text, Vec::new());
    let mut tape = Tape::default();
    let peek = reader.peek()?;
    if peek == Peek::Array {
        let mut next = reader.enter_array()?;
        if next.is_none() {
            reader.finish()?;
            return Err(no_records());
        }
        while let Some(peek) = next {
            tape.clear();
            reader.value(peek, &mut tape)?;
            next = reader.next_element()?;
        }
        reader.finish()?;
        return Ok(());
    }
    reader.value(peek, &mut tape)?;
    reader.finish()?;
    if peek != Peek::Object {
        let message = "the body is one JSON object, an array of objects, or NDJSON".to_owned();
        return Err(Reason { code: "not_an_object", message, pointer: None });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_at_door;
    use crate::document::{Encoding, Form};

    #[test]
    fn what_would_be_one_reject_is_refused() {
        let cases: [(Form, &str, &str); 14] = [
            (Form::Json, r#"{"a":1}"#, "ok"),
            (Form::Json, "\u{feff} {\"a\":1} ", "ok"),
            (Form::Json, r#"[{"a":1},7]"#, "ok"),
            (Form::Json, r#"{"a":1"#, "malformed_json"),
            (Form::Json, r#"{"a":1}{"a":2}"#, "malformed_json"),
            (Form::Json, r#"[{"a":1},]"#, "malformed_json"),
            (Form::Json, "", "malformed_json"),
            (Form::Json, "7", "not_an_object"),
            (Form::Json, "\"a\"", "not_an_object"),
            (Form::Json, "[]", "no_records"),
            (Form::Json, "[] x", "malformed_json"),
            (Form::Ndjson, "{\"a\":1}\n{", "ok"),
            (Form::Ndjson, "{", "ok"),
            (Form::Ndjson, " \n\r\n", "no_records"),
        ];
        for (form, body, expected) in cases {
            let judged = check_at_door(form, Encoding::Identity, body.as_bytes());
            assert_eq!(judged.map_or_else(|refusal| refusal.code, |()| "ok"), expected, "{body}");
        }
        let judged = check_at_door(Form::Json, Encoding::Gzip, b"{}");
        assert_eq!(judged.expect_err("no gzip").code, "bad_content_encoding");
    }
}

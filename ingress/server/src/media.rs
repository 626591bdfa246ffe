//! `Content-Type`, `Content-Encoding` and `Accept`.

use crate::failure::{Code, Failure};
use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use sluice_normalizer::{Encoding, Form};
use sluice_sql::ResultFormat;

/// How the body of a document holds its records.
///
/// # Errors
/// 415 that says what to send.
pub(crate) fn form(headers: &HeaderMap) -> Result<Form, Failure> {
    const SEND: &str = "send `Content-Type: application/json` for one object or an array of \
                        objects, or `application/x-ndjson` for one object a line";
    match essence(headers, SEND)?.as_str() {
        "application/json" => Ok(Form::Json),
        "application/x-ndjson" => Ok(Form::Ndjson),
        other => Err(unsupported(other, SEND)),
    }
}

/// How a body is compressed.
///
/// # Errors
/// 415 that says what to send.
pub(crate) fn encoding(headers: &HeaderMap) -> Result<Encoding, Failure> {
    let unsupported = || {
        Failure::new(
            Code::UnsupportedContentEncoding,
            "the body's Content-Encoding is not known here: send `Content-Encoding: gzip`, or \
             leave the header out",
        )
    };
    let Ok(value) = single(headers, &CONTENT_ENCODING) else { return Err(unsupported()) };
    let Some(value) = value else { return Ok(Encoding::Identity) };
    match value.trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        "" | "identity" => Ok(Encoding::Identity),
        _ => Err(unsupported()),
    }
}

/// How the body of `POST /sql` holds the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatementForm {
    /// `{"sql":"…"}`.
    Json,
    /// The statement itself.
    Text,
}

/// See [`StatementForm`].
///
/// # Errors
/// 415 that says what to send.
pub(crate) fn statement_form(headers: &HeaderMap) -> Result<StatementForm, Failure> {
    const SEND: &str = "send `Content-Type: application/json` for {\"sql\":\"…\"}, or \
                        `application/sql` for the statement itself";
    match essence(headers, SEND)?.as_str() {
        "application/json" => Ok(StatementForm::Json),
        "application/sql" | "text/plain" => Ok(StatementForm::Text),
        other => Err(unsupported(other, SEND)),
    }
}

/// The format of a query's answer: `?format=`, otherwise the best of `Accept`, otherwise JSON.
///
/// # Errors
/// 400 for a format that is none, 406 when `Accept` leaves none.
pub(crate) fn result_format(
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<ResultFormat, Failure> {
    let asked = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("format="));
    match asked {
        Some("json") => return Ok(ResultFormat::Json),
        Some("ndjson") => return Ok(ResultFormat::Ndjson),
        Some("csv") => return Ok(ResultFormat::Csv),
        Some("arrow") => return Ok(ResultFormat::Arrow),
        Some(_) => {
            let message = "`format` is one of json, ndjson, csv and arrow";
            return Err(Failure::new(Code::BadFormat, message));
        }
        None => {}
    }
    let not_acceptable = || {
        Failure::new(
            Code::NotAcceptable,
            "`Accept` leaves no format: application/json, application/x-ndjson, text/csv and \
             application/vnd.apache.arrow.stream are there",
        )
    };
    let mut ranges = Vec::new();
    for value in headers.get_all(ACCEPT) {
        let value = value.to_str().map_err(|_| not_acceptable())?;
        ranges.extend(value.split(',').map(str::trim).filter(|range| !range.is_empty()));
    }
    if ranges.is_empty() {
        return Ok(ResultFormat::Json);
    }
    let mut best: Option<(u16, ResultFormat)> = None;
    for (media_type, format) in FORMATS {
        let weight = weight(media_type, &ranges);
        if weight > best.map_or(0, |(weight, _)| weight) {
            best = Some((weight, *format));
        }
    }
    best.map(|(_, format)| format).ok_or_else(not_acceptable)
}

/// In the order of preference.
const FORMATS: &[(&str, ResultFormat)] = &[
    ("application/json", ResultFormat::Json),
    ("application/x-ndjson", ResultFormat::Ndjson),
    ("text/csv", ResultFormat::Csv),
    ("application/vnd.apache.arrow.stream", ResultFormat::Arrow),
];

/// The weight, in thousandths, that the most specific of `ranges` gives to a media type.
fn weight(media_type: &str, ranges: &[&str]) -> u16 {
    let family = media_type.split('/').next().unwrap_or_default();
    let mut best = (0, 0);
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let specific = match name.strip_suffix("/*") {
            _ if name == media_type => 3,
            Some("*") => 1,
            Some(of) if of == family => 2,
            _ => continue,
        };
        let q = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let q = q.and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 1000"
        )]
        let q = (q * 1_000.0) as u16;
        if specific > best.0 {
            best = (specific, q);
        }
    }
    best.1
}

/// The media type in lower case, after a look at its charset.
fn essence(headers: &HeaderMap, send: &'static str) -> Result<String, Failure> {
    let refused = |what: &str| Failure::new(Code::UnsupportedMediaType, format!("{what}: {send}"));
    let value = single(headers, &CONTENT_TYPE)
        .map_err(|()| refused("there is more than one Content-Type, or it is no text"))?
        .ok_or_else(|| refused("there is no Content-Type"))?;
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    for part in parts {
        let Some((name, value)) = part.split_once('=') else { continue };
        let value = value.trim().trim_matches('"');
        let utf8 = value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8");
        if name.trim().eq_ignore_ascii_case("charset") && !utf8 {
            return Err(refused("only UTF-8 is read, the charset in Content-Type is another"));
        }
    }
    Ok(essence)
}

fn unsupported(media_type: &str, send: &str) -> Failure {
    const SHOWN_CHARS_MAX: usize = 100;
    let shown: String = media_type.chars().take(SHOWN_CHARS_MAX).collect();
    let what = if shown.is_empty() {
        "the Content-Type is empty".to_owned()
    } else {
        format!("the Content-Type `{shown}` is not taken here")
    };
    Failure::new(Code::UnsupportedMediaType, format!("{what}: {send}"))
}

/// The one value of a header; an error for several, or for one that is no ASCII.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => HeaderValue::to_str(value).map(Some).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{encoding, form, result_format, statement_form};
    use crate::failure::Failure;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};
    use std::fmt::Debug;

    fn headers(lines: &str) -> HeaderMap {
        lines
            .split('|')
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| {
                (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value.trim()).unwrap())
            })
            .collect()
    }

    fn told<T: Debug>(result: Result<T, Failure>) -> String {
        match result {
            Ok(value) => format!("{value:?}"),
            Err(failure) => failure.code.as_str().to_owned(),
        }
    }

    #[test]
    fn the_media_type_says_how_records_lie() {
        const NO: &str = "unsupported_media_type";
        let cases = [
            ("application/json", "Json"),
            ("Application/JSON ; Charset=\"UTF-8\"", "Json"),
            ("application/json;profile=x", "Json"),
            ("application/json;", "Json"),
            ("application/x-ndjson; charset=utf-8", "Ndjson"),
            ("application/json; charset=latin1", NO),
            ("application/jsonx", NO),
            ("text/plain", NO),
            ("application/x-www-form-urlencoded", NO),
            ("", NO),
        ];
        for (value, expected) in cases {
            let got = form(&headers(&format!("content-type: {value}")));
            assert_eq!(told(got), expected, "{value}");
        }
        assert_eq!(told(form(&headers(""))), NO);
        let two = headers("content-type: application/json|content-type: application/json");
        assert_eq!(told(form(&two)), NO);
        for value in ["text/html", "", "application/json; charset=x"] {
            let failure = form(&headers(&format!("content-type: {value}"))).unwrap_err();
            assert!(failure.message.contains("send `Content-Type: application/json`"), "{value}");
            assert!(failure.message.contains("application/x-ndjson"), "{value}");
        }
    }

    #[test]
    fn bodies_are_plain_or_gzip() {
        const NO: &str = "unsupported_content_encoding";
        let cases = [
            ("", "Identity"),
            ("content-encoding: identity", "Identity"),
            ("content-encoding: GZIP", "Gzip"),
            ("content-encoding: x-gzip", "Gzip"),
            ("content-encoding: br", NO),
            ("content-encoding: gzip, gzip", NO),
            ("content-encoding: gzip|content-encoding: gzip", NO),
        ];
        for (lines, expected) in cases {
            assert_eq!(told(encoding(&headers(lines))), expected, "{lines}");
        }
    }

    #[test]
    fn a_statement_is_json_or_text() {
        let cases = [
            ("application/json", "Json"),
            ("application/sql", "Text"),
            ("text/plain;charset=UTF-8", "Text"),
            ("text/csv", "unsupported_media_type"),
        ];
        for (value, expected) in cases {
            let got = statement_form(&headers(&format!("content-type: {value}")));
            assert_eq!(told(got), expected, "{value}");
        }
    }

    #[test]
    fn accept_or_the_query_choose_the_format() {
        let cases = [
            ("", "", "Json"),
            ("", "*/*", "Json"),
            ("", "text/csv", "Csv"),
            ("", "text/*", "Csv"),
            ("", "text/html, application/*;q=0.5", "Json"),
            ("", "application/json;q=0.1, text/csv", "Csv"),
            ("", "application/json;q=0, */*", "Ndjson"),
            ("", "application/vnd.apache.arrow.stream", "Arrow"),
            ("", "APPLICATION/X-NDJSON", "Ndjson"),
            ("", "text/html", "not_acceptable"),
            ("", "*/*;q=0", "not_acceptable"),
            ("format=csv", "application/json", "Csv"),
            ("x=1&format=arrow", "", "Arrow"),
            ("format=ndjson&format=csv", "", "Ndjson"),
            ("format=json", "text/html", "Json"),
            ("formats=csv", "", "Json"),
            ("format=xml", "", "bad_format"),
            ("format=", "", "bad_format"),
        ];
        for (query, accept, expected) in cases {
            let headers =
                if accept.is_empty() { headers("") } else { headers(&format!("accept:{accept}")) };
            let got = result_format(Some(query), &headers);
            assert_eq!(told(got), expected, "{query} {accept}");
        }
    }
}

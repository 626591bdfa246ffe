//! `POST /sql`.

use crate::body::{Bound, read};
use crate::failure::{Code, Failure};
use crate::front::Front;
use crate::limits::SQL_BODY_BYTES_MAX;
use crate::media::{self, StatementForm};
use axum::extract::{Request, State};
use axum::http::Version;
use axum::response::Response;
use serde::Deserialize;
use sluice_normalizer::Encoding;
use std::sync::Arc;

const BOUND: Bound = Bound {
    bytes_max: SQL_BODY_BYTES_MAX,
    code: Code::QueryTooLong,
    message: "the body of a query has at most 1 MB",
};
const _: () = assert!(SQL_BODY_BYTES_MAX == 1 << 20, "the message says so");

pub(crate) async fn post(
    State(front): State<Arc<Front>>,
    request: Request,
) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    // Without chunks a cut answer would look like a whole one.
    if parts.version < Version::HTTP_11 {
        let message = "answers to queries need HTTP/1.1 (behind nginx: `proxy_http_version 1.1`)";
        return Err(Failure::new(Code::HttpVersion, message));
    }
    let form = media::statement_form(&parts.headers)?;
    let format = media::result_format(parts.uri.query(), &parts.headers)?;
    if media::encoding(&parts.headers)? != Encoding::Identity {
        let message = "a query is sent as it is, without Content-Encoding";
        return Err(Failure::new(Code::UnsupportedContentEncoding, message));
    }
    let held = read(&front, &parts.headers, body, BOUND).await?;
    let statement = statement(form, &held.bytes)?;
    drop(held);
    front.sql.answer(front.platform.snapshot(), &statement, format).await
}

fn statement(form: StatementForm, body: &[u8]) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Asked {
        sql: String,
    }
    let statement = match form {
        StatementForm::Json => {
            let asked: Asked = serde_json::from_slice(body).map_err(|_| {
                let message = "the body is not JSON like {\"sql\":\"SELECT 1\"}";
                Failure::new(Code::MalformedJson, message)
            })?;
            asked.sql
        }
        StatementForm::Text => std::str::from_utf8(body)
            .map_err(|_| Failure::new(Code::BadQuery, "the query is not UTF-8"))?
            .to_owned(),
    };
    if statement.trim().is_empty() {
        return Err(Failure::new(Code::BadQuery, "the query is empty"));
    }
    Ok(statement)
}

#[cfg(test)]
mod tests {
    use super::statement;
    use crate::media::StatementForm;

    #[test]
    fn a_statement_is_found_in_its_body() {
        let cases: [(StatementForm, &[u8], &str); 9] = [
            (StatementForm::Json, br#"{"sql":"SELECT 1"}"#, "SELECT 1"),
            (StatementForm::Json, br#"{"sql":"SELECT 1","x":[]}"#, "SELECT 1"),
            (StatementForm::Json, br#"{"sql":7}"#, "malformed_json"),
            (StatementForm::Json, b"{}", "malformed_json"),
            (StatementForm::Json, b"SELECT 1", "malformed_json"),
            (StatementForm::Json, br#"{"sql":" "}"#, "bad_query"),
            (StatementForm::Text, b"SELECT 1", "SELECT 1"),
            (StatementForm::Text, b"", "bad_query"),
            (StatementForm::Text, b"\xff", "bad_query"),
        ];
        for (form, body, expected) in cases {
            let got = statement(form, body).unwrap_or_else(|f| f.code.as_str().to_owned());
            assert_eq!(got, expected);
        }
    }
}

//! What an answer that is no success says.

use axum::http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;

/// A failure as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: Cow<'static, str>,
}

macro_rules! codes {
    ($($name:ident $text:literal $status:ident,)*) => {
        /// The stable codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code {
            $($name,)*
        }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &[Code] = &[$(Code::$name,)*];

            /// As the contract spells it.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                }
            }

            pub(crate) fn status(self) -> StatusCode {
                match self {
                    $(Code::$name => StatusCode::$status,)*
                }
            }
        }
    };
}

codes! {
    BadRequest "bad_request" BAD_REQUEST,
    BadTableName "bad_table_name" BAD_REQUEST,
    BadId "bad_id" BAD_REQUEST,
    MalformedJson "malformed_json" BAD_REQUEST,
    NotAnObject "not_an_object" BAD_REQUEST,
    NoRecords "no_records" BAD_REQUEST,
    BadContentEncoding "bad_content_encoding" BAD_REQUEST,
    BadDocument "bad_document" BAD_REQUEST,
    BadFormat "bad_format" BAD_REQUEST,
    BadQuery "bad_query" BAD_REQUEST,
    NotReadOnly "not_read_only" BAD_REQUEST,
    // Not 408, which clients and proxies repeat on their own.
    QueryTimeout "query_timeout" BAD_REQUEST,
    QueryTooLarge "query_too_large" BAD_REQUEST,
    BadSettings "bad_settings" BAD_REQUEST,
    Unauthorized "unauthorized" UNAUTHORIZED,
    CrossOrigin "cross_origin" FORBIDDEN,
    BadHost "bad_host" FORBIDDEN,
    NotFound "not_found" NOT_FOUND,
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED,
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE,
    RequestTimeout "request_timeout" REQUEST_TIMEOUT,
    IdTaken "id_taken" CONFLICT,
    TooManyTables "too_many_tables" CONFLICT,
    NotReady "not_ready" CONFLICT,
    RowsWouldBeLost "rows_would_be_lost" CONFLICT,
    DocumentTooLarge "document_too_large" PAYLOAD_TOO_LARGE,
    QueryTooLong "query_too_long" PAYLOAD_TOO_LARGE,
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE,
    UnsupportedContentEncoding "unsupported_content_encoding" UNSUPPORTED_MEDIA_TYPE,
    Internal "internal" INTERNAL_SERVER_ERROR,
    Damaged "damaged" INTERNAL_SERVER_ERROR,
    Busy "busy" SERVICE_UNAVAILABLE,
    Unavailable "unavailable" SERVICE_UNAVAILABLE,
    StorageFull "storage_full" SERVICE_UNAVAILABLE,
    Degraded "degraded" SERVICE_UNAVAILABLE,
    HttpVersion "http_version" HTTP_VERSION_NOT_SUPPORTED,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Failure { code, message: message.into() }
    }

    /// What only the log may know more about.
    pub(crate) fn internal() -> Self {
        Failure::new(Code::Internal, "the server failed; its log says where")
    }

    /// The seconds after which asking again can help.
    fn retry_after(&self) -> Option<&'static str> {
        match self.code {
            Code::Busy | Code::Unavailable => Some("1"),
            Code::StorageFull | Code::Degraded => Some("30"),
            _ => None,
        }
    }

    /// The body's `error`.
    pub(crate) fn told(&self) -> Told<'_> {
        Told { code: self.code.as_str(), message: &self.message }
    }
}

/// The `error` of an answer.
#[derive(Debug, Serialize)]
pub(crate) struct Told<'a> {
    code: &'static str,
    message: &'a str,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Form<'a> {
            success: bool,
            error: Told<'a>,
        }
        let form = Form { success: false, error: self.told() };
        let body = serde_json::to_vec(&form).unwrap_or_default();
        let mut response = (self.code.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        match self.code {
            Code::Unauthorized => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Code::UnsupportedContentEncoding => {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, identity"));
            }
            // What is left of the body is not worth waiting for.
            Code::DocumentTooLarge | Code::QueryTooLong | Code::RequestTimeout => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Failure};
    use axum::response::IntoResponse;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_no_success() {
        let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        for &code in Code::ALL {
            let response = Failure::new(code, "x").into_response();
            assert_eq!(response.status(), code.status());
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }

    #[test]
    fn whoever_may_try_again_is_told_when() {
        for &code in Code::ALL {
            let response = Failure::new(code, "x").into_response();
            let told = response.headers().contains_key("retry-after");
            assert_eq!(told, code.status() == 503, "{}", code.as_str());
        }
    }
}

//! The gateway's own failures, in the contract's form.
//!
//! Their templates know no Velocity, only variables.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use super::answers::{DOCUMENT_TOO_LARGE, failure};
use serde_json::{Map, Value, json};

const UNAVAILABLE: &str = "no answer in time; a document may or may not have been stored: a repeated PUT is safe, a repeated POST could \
     store it twice";
const UNKNOWN_PATH: &str = "there is no such path";
const FORBIDDEN: &str = "this is not allowed to you";
const UNAUTHORIZED: &str = "send `Authorization: Bearer <token>` with a valid token";
const INTERNAL: &str = "the server failed; its log says where";
/// Of a media type without a template, and of a body that is not compressed as its header says.
const UNSUPPORTED: &str = "send `Content-Type: application/json` for one object or an array of objects, or `application/x-ndjson` for one \
     object a line, and `Content-Encoding: gzip` with a body in gzip alone";
const THROTTLED: &str = "too many requests; try again in a moment";

/// Type, status, code, message.
const RESPONSES: [(&str, &str, &str, &str); 19] = [
    ("ACCESS_DENIED", "403", "forbidden", FORBIDDEN),
    ("API_CONFIGURATION_ERROR", "500", "internal", INTERNAL),
    ("AUTHORIZER_CONFIGURATION_ERROR", "500", "internal", INTERNAL),
    ("AUTHORIZER_FAILURE", "500", "internal", INTERNAL),
    ("DEFAULT_5XX", "500", "internal", INTERNAL),
    ("EXPIRED_TOKEN", "401", "unauthorized", UNAUTHORIZED),
    ("INTEGRATION_FAILURE", "503", "unavailable", UNAVAILABLE),
    ("INTEGRATION_TIMEOUT", "503", "unavailable", UNAVAILABLE),
    ("INVALID_API_KEY", "403", "forbidden", FORBIDDEN),
    // No operation is signed: the gateway says these two of paths that it does not know.
    ("INVALID_SIGNATURE", "404", "not_found", UNKNOWN_PATH),
    ("MISSING_AUTHENTICATION_TOKEN", "404", "not_found", UNKNOWN_PATH),
    ("QUOTA_EXCEEDED", "429", "throttled", THROTTLED),
    ("REQUEST_TOO_LARGE", "413", "document_too_large", DOCUMENT_TOO_LARGE),
    ("RESOURCE_NOT_FOUND", "404", "not_found", UNKNOWN_PATH),
    ("THROTTLED", "429", "throttled", THROTTLED),
    ("UNAUTHORIZED", "401", "unauthorized", UNAUTHORIZED),
    ("UNSUPPORTED_MEDIA_TYPE", "415", "unsupported_media_type", UNSUPPORTED),
    ("WAF_FILTERED", "403", "forbidden", FORBIDDEN),
    ("BAD_REQUEST_PARAMETERS", "400", "bad_request", "a parameter is missing or wrong"),
];

/// `x-amazon-apigateway-gateway-responses`.
pub(super) fn gateway_responses() -> Value {
    let mut responses: Map<_, _> = RESPONSES
        .iter()
        .map(|(kind, status, code, message)| {
            let mut response = json!({
                "statusCode": status,
                "responseTemplates": { "application/json": failure(code, message) },
            });
            let header = match *status {
                "401" => Some(("gatewayresponse.header.WWW-Authenticate", "'Bearer'")),
                "429" | "503" => Some(("gatewayresponse.header.Retry-After", "'1'")),
                _ => None,
            };
            if let Some((name, value)) = header {
                response["responseParameters"] = json!({ name: value });
            }
            ((*kind).to_owned(), response)
        })
        .collect();
    // Keeps its status, whatever it is. Not `$context.error.messageString`: of an unknown path with a token it
    // has the token.
    let template =
        failure("bad_request", "the gateway does not take this request: path, method or headers");
    let other = json!({ "responseTemplates": { "application/json": template } });
    responses.insert("DEFAULT_4XX".to_owned(), other);
    Value::Object(responses)
}

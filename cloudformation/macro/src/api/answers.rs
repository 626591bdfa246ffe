//! What is answered to what S3 and DynamoDB answered.
//!
//! Failures have the contract's form; codes and texts are those of the one-machine door where it has
//! them. API Gateway keeps one integration response for each status it answers, so what differs beyond
//! that is decided in the answer's template.

use super::template;
use serde_json::{Map, Value, json};

/// What the body of a failure is.
pub(super) fn failure(code: &str, message: &str) -> String {
    json!({ "success": false, "error": { "code": code, "message": message } }).to_string()
}

const INTERNAL: (&str, &str) = ("internal", "the server failed; its log says where");
const UNAVAILABLE: (&str, &str) = (
    "unavailable",
    "the document may or may not have been stored; a repeated PUT is safe, a repeated POST could store \
     it twice",
);
const BUSY: (&str, &str) =
    ("busy", "too many documents at once; nothing was stored, try again in a moment");
const TAKEN: (&str, &str) = (
    "id_taken",
    "the id belongs to another document; nothing was stored, post again without a request id of your own",
);

/// What templates refuse: the name they give it, status, code, message.
const REFUSALS: [(&str, u16, &str, &str); 9] = [
    (
        "bad_table_name",
        400,
        "bad_table_name",
        "a table name starts with a letter, has only letters, digits and single _, does not end in _ and has at \
         most 100 characters",
    ),
    (
        "reserved_table_name",
        400,
        "bad_table_name",
        "table names starting with sluice_ belong to the platform",
    ),
    ("bad_id", 400, "bad_id", "the id is not a UUID like 0192f0c1-2b7e-7c3a-9c1d-5a1e0f6b7d80"),
    ("no_records", 400, "no_records", "the document holds no record"),
    (
        "no_content_type",
        415,
        "unsupported_media_type",
        "there is no Content-Type: send `Content-Type: application/json` for one object or an array of objects, \
         or `application/x-ndjson` for one object a line",
    ),
    ("bad_content_type", 415, "unsupported_media_type", BAD_CONTENT_TYPE),
    (
        "bad_content_encoding",
        415,
        "unsupported_content_encoding",
        "the body's Content-Encoding is not known here: send `Content-Encoding: gzip`, or leave the header out",
    ),
    ("document_too_large", 413, "document_too_large", DOCUMENT_TOO_LARGE),
    // Last: what every answer falls back to that a refusal should have been.
    ("", 500, INTERNAL.0, INTERNAL.1),
];

const BAD_CONTENT_TYPE: &str = "documents are JSON in UTF-8: send `Content-Type: application/json` for one object or an array of objects, or \
     `application/x-ndjson` for one object a line";
pub(super) const DOCUMENT_TOO_LARGE: &str = "a document has at most 10,000,000 bytes, compressed or not: cut it into several, NDJSON between two lines";

/// Answers of an operation: from a pattern of the integration's status to the answer.
pub(super) struct Answers(Map<String, Value>);

impl Answers {
    pub(super) fn new() -> Self {
        Answers(Map::new())
    }

    /// `contentHandling`: a client that accepts `application/json`, which is a binary media type of the
    /// API, would otherwise be answered base64-decoded text.
    pub(super) fn with(mut self, pattern: &str, status: u16, template: String) -> Self {
        let mut answer = json!({
            "statusCode": status.to_string(),
            "contentHandling": "CONVERT_TO_TEXT",
            "responseTemplates": { "application/json": template },
        });
        if status == 503 {
            answer["responseParameters"] = json!({ "method.response.header.Retry-After": "'1'" });
        }
        self.0.insert(pattern.to_owned(), answer);
        self
    }

    pub(super) fn into_json(self) -> Value {
        Value::Object(self.0)
    }
}

/// 412: the id is taken.
pub(super) fn posted() -> Answers {
    stored("200").with("412", 409, failure(TAKEN.0, TAKEN.1))
}

/// 412: the first body under the id won, and a repetition is answered like it.
pub(super) fn put() -> Answers {
    stored("200|412")
}

fn stored(accepted: &str) -> Answers {
    let id = r#"{"success":true,"data":{"id":"$context.requestOverride.path.id"}}"#;
    // S3 says of these two that it did nothing: too many requests, and two puts under one key at once.
    let later = format!(
        "#if($input.body.contains(\"SlowDown\") || $input.body.contains(\"ConditionalRequestConflict\"))\
         {}#{{else}}{}#end",
        failure(BUSY.0, BUSY.1),
        failure(UNAVAILABLE.0, UNAVAILABLE.1),
    );
    Answers::new()
        .with(accepted, 200, id.to_owned())
        .with("400|403", 400, refused(&REFUSALS))
        .with("409|429|5\\d\\d", 503, later)
        .with("default", 500, failure(INTERNAL.0, INTERNAL.1))
}

/// Where a document is.
pub(super) fn found() -> Answers {
    let (unknown, rest) = (failure(NOT_SEEN_YET.0, NOT_SEEN_YET.1), template::document());
    let of_paths = REFUSALS.map(|refusal| match refusal {
        ("bad_id", status, code, _) => ("bad_id", status, code, BAD_KNOWN_ID),
        other => other,
    });
    let mut answer = String::from(READ_REFUSAL);
    for (at, (name, status, code, message)) in of_paths.iter().take(3).enumerate() {
        answer += &branch(at, name, *status, code, message);
    }
    answer += &format!(
        "#elseif($input.path('$.Count') == 0)#set($context.responseOverride.status = 404){unknown}\
         #{{else}}{rest}#end"
    );
    let throttled = format!(
        "#if($input.body.contains(\"Throttl\") || $input.body.contains(\"Throughput\") \
         || $input.body.contains(\"RequestLimit\")){}#{{else}}#set($context.responseOverride.status = 500){}#end",
        failure("throttled", "too many requests; try again in a moment"),
        failure(INTERNAL.0, INTERNAL.1),
    );
    Answers::new()
        .with("200", 200, answer)
        .with("400", 429, throttled)
        .with(
            "5\\d\\d",
            503,
            failure("unavailable", "the ledger does not answer; try again in a moment"),
        )
        .with("default", 500, failure(INTERNAL.0, INTERNAL.1))
}

const NOT_SEEN_YET: (&str, &str) = (
    "not_seen_yet",
    "the table has no such document, or it was accepted a moment ago and is not in a batch yet",
);
const BAD_KNOWN_ID: &str = "a document id has 1 to 128 characters of letters, digits, . _ and -";

const READ_REFUSAL: &str = "#set($refusal = \"$!context.requestOverride.path.refusal\")";

/// Which refusal it was. The last of `refusals` is what is answered else.
fn refused(refusals: &[(&str, u16, &str, &str)]) -> String {
    let mut template = String::from(READ_REFUSAL);
    for (at, (name, status, code, message)) in refusals.iter().enumerate() {
        template += &branch(at, name, *status, code, message);
    }
    template + "#end"
}

fn branch(at: usize, name: &str, status: u16, code: &str, message: &str) -> String {
    let condition = match (at, name) {
        (_, "") => "#{else}".to_owned(),
        (0, name) => format!("#if($refusal == \"{name}\")"),
        (_, name) => format!("#elseif($refusal == \"{name}\")"),
    };
    let header = match code {
        "unsupported_content_encoding" => {
            "#set($context.responseOverride.header.Accept-Encoding = \"gzip\")"
        }
        _ => "",
    };
    let failure = failure(code, message);
    format!("{condition}#set($context.responseOverride.status = {status}){header}{failure}")
}

#[cfg(test)]
mod tests {
    use super::{REFUSALS, failure, found, posted, put};
    use crate::api::contract::Contract;
    use crate::api::template;
    use serde_json::Value;

    fn patterns(answers: super::Answers) -> String {
        let told = answers.into_json();
        let told = told.as_object().unwrap().iter();
        let told = told.map(|(pattern, answer)| {
            format!("{pattern}:{}", answer["statusCode"].as_str().unwrap())
        });
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_status_has_one_answer() {
        let cases = [
            (posted(), r"200:200 400|403:400 409|429|5\d\d:503 412:409 default:500"),
            (put(), r"200|412:200 400|403:400 409|429|5\d\d:503 default:500"),
            (found(), r"200:200 400:429 5\d\d:503 default:500"),
        ];
        for (answers, expected) in cases {
            assert_eq!(patterns(answers), expected);
        }
    }

    #[test]
    fn every_refusal_of_a_template_has_an_answer() {
        let texts = [template::posted(&Contract::read()), template::put(&Contract::read())];
        for text in texts {
            for set in text.split("#set($refusal = \"").skip(1) {
                let name = set.split('"').next().unwrap();
                assert!(REFUSALS.iter().any(|refusal| refusal.0 == name), "{name}");
            }
        }
    }

    #[test]
    fn codes_are_the_contracts() {
        let contract: Value =
            serde_json::from_str(include_str!("../../../../ingress/openapi.json")).unwrap();
        let models = contract["components"]["schemas"].as_object().unwrap();
        let known: Vec<&Value> = models
            .values()
            .flat_map(|model| {
                let code = &model["properties"]["error"]["properties"]["code"]["enum"];
                code.as_array().into_iter().flatten()
            })
            .collect();
        for (_, _, code, _) in REFUSALS {
            assert!(known.iter().any(|known| *known == code), "{code}");
        }
        for answers in [posted(), put(), found()] {
            for answer in answers.into_json().as_object().unwrap().values() {
                let text = answer["responseTemplates"]["application/json"].as_str().unwrap();
                for code in text.split("\"code\":\"").skip(1) {
                    let code = code.split('"').next().unwrap();
                    assert!(known.iter().any(|known| *known == code), "{code}");
                }
            }
        }
    }

    #[test]
    fn messages_are_no_velocity() {
        for (_, _, code, message) in REFUSALS {
            assert!(!message.contains(['$', '#']), "{message}");
            assert!(failure(code, message).starts_with("{\"error\":{\"code\":"));
        }
    }
}

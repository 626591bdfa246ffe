//! Answers, held against `openapi.json`.

use crate::client::Answer;
use serde_json::{Map, Value, json};

/// The contract, and its schemas as JSON Schema.
pub(crate) struct Contract {
    document: Value,
}

impl Contract {
    pub(crate) fn read() -> Self {
        let text = include_str!("../../../openapi.json");
        let mut document: Value = serde_json::from_str(text).unwrap();
        allow_nulls(&mut document);
        Contract { document }
    }

    /// Fails unless the answer is one that the contract tells of.
    pub(crate) fn check(&self, what: &str, method: &str, path: &str, answer: &Answer) {
        let Some(operation) = self.operation(method, path) else {
            let told = json!({"success": false, "error": {"code": answer.code(), "message": answer.json()["error"]["message"]}});
            assert_eq!(answer.json(), told, "{what}: the form of a failure");
            assert!(matches!(answer.status, 400..=405), "{what}: {}", answer.status);
            return;
        };
        let response = &operation["responses"][answer.status.to_string()];
        let response = self.resolved(response);
        assert!(response.is_object(), "{what}: {} is not in the contract", answer.status);
        let content_type = answer.header("content-type").unwrap_or_default();
        let essence = content_type.split(';').next().unwrap();
        let media = &response["content"][essence];
        assert!(media.is_object(), "{what}: {content_type} is not in the contract");
        if essence != "application/json" {
            return;
        }
        let mut schema = media["schema"].as_object().cloned().unwrap_or_default();
        schema.insert("components".to_owned(), self.document["components"].clone());
        let validator = jsonschema::validator_for(&Value::Object(schema)).unwrap();
        let answered = answer.json();
        let broken: Vec<_> = validator
            .iter_errors(&answered)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(broken.is_empty(), "{what}: {broken:?}");
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split('?').next().unwrap();
        let segments: Vec<_> = path.split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<_> = template.split('/').collect();
            parts.len() == segments.len()
                && parts.iter().zip(&segments).all(|(part, segment)| {
                    if part.starts_with('{') { !segment.is_empty() } else { part == segment }
                })
        };
        let paths = self.document["paths"].as_object().unwrap();
        let item = paths.iter().find(|(template, _)| fits(template))?.1;
        item.get(method.to_ascii_lowercase())
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }
}

/// OpenAPI 3.0 says `nullable` where JSON Schema lists the type `null`.
fn allow_nulls(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(allow_nulls),
        Value::Object(map) => {
            if map.get("nullable") == Some(&Value::Bool(true)) {
                nullable(map);
            }
            map.values_mut().for_each(allow_nulls);
        }
        _ => {}
    }
}

fn nullable(map: &mut Map<String, Value>) {
    map.remove("nullable");
    let known = Value::Object(std::mem::take(map));
    map.insert("anyOf".to_owned(), json!([known, {"type": "null"}]));
}

/// Every operation is there, and every path takes only the methods that the contract tells.
#[tokio::test(flavor = "multi_thread")]
async fn the_router_has_the_paths_of_the_contract() {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    let contract = Contract::read();
    let front = crate::front::InProcess::open(None);
    for (path, item) in contract.document["paths"].as_object().unwrap() {
        let path = path.replace("{table}", "t1").replace("{id}", "nothing");
        let request = Request::builder().method("PROPFIND").uri(&path);
        let request = request.body(Body::empty()).unwrap();
        let answer = front.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 405, "{path}");
        let allow = answer.headers()["allow"].to_str().unwrap().to_ascii_lowercase();
        let mut allowed: Vec<_> = allow.split(',').filter(|method| *method != "head").collect();
        let mut told: Vec<_> = item.as_object().unwrap().keys().map(String::as_str).collect();
        told.retain(|key| *key != "parameters");
        allowed.sort_unstable();
        told.sort_unstable();
        assert_eq!(allowed, told, "{path}");
    }
    front.close().await;
}

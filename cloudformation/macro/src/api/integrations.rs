//! What each operation calls.

use super::answers::{self, Answers, failure};
use super::contract::{Contract, Operation};
use super::{Api, template};
use crate::intrinsic::{join, reference};
use crate::text::Text;
use serde_json::{Map, Value, json};

/// Types of bodies, each with a template; others are answered 415. All are binary to the gateway, so
/// that a body is base64 in the templates and in the bucket, whatever its bytes are.
pub(super) const MEDIA_TYPES: [&str; 2] = ["application/json", "application/x-ndjson"];

/// `x-amazon-apigateway-integration` of an operation.
pub(super) fn integration(
    operation: &Operation,
    contract: &Contract,
    api: &Api,
    role: &Value,
) -> Value {
    match operation.method.as_str() {
        "post" => {
            put_object(template::posted(contract), answers::posted(), &api.ingress_bucket, role)
        }
        "put" => put_object(template::put(contract), answers::put(), &api.ingress_bucket, role),
        "get" => query(template::find(contract, api.ledger_table.value()), role),
        other => {
            panic!("the contract has {other} {} on AWS: it needs an integration", operation.path)
        }
    }
}

fn put_object(template: String, answers: Answers, bucket: &Text, role: &Value) -> Value {
    json!({
        "type": "aws",
        "httpMethod": "PUT",
        "uri": uri(&[json!(":s3:path/"), bucket.value().clone(), json!("/{key}")]),
        "credentials": role,
        "contentHandling": "CONVERT_TO_TEXT",
        "passthroughBehavior": "never",
        "requestParameters": {
            "integration.request.header.Content-Type": "'text/plain;base64'",
            // An object is never overwritten.
            "integration.request.header.If-None-Match": "'*'",
            // The template puts `id=<id>` in its place; as it is here the role may not write it.
            "integration.request.path.key": "context.requestId",
        },
        "requestTemplates": for_media_types(&json!(template)),
        "responses": answers.into_json(),
    })
}

fn query(template: Value, role: &Value) -> Value {
    json!({
        "type": "aws",
        "httpMethod": "POST",
        "uri": uri(&[json!(":dynamodb:action/Query")]),
        "credentials": role,
        "contentHandling": "CONVERT_TO_TEXT",
        "passthroughBehavior": "never",
        "requestTemplates": for_media_types(&template),
        "responses": answers::found().into_json(),
    })
}

/// A method that a path does not take: 405, where API Gateway by itself would tell of a missing token.
pub(super) fn any_method(parameters: Value, security: Value, methods: &[&str]) -> Value {
    let allow = methods.join(", ");
    let message = format!("this path takes {allow}");
    let answers = Answers::new().with("default", 405, failure("method_not_allowed", &message));
    let mut answers = answers.into_json();
    answers["default"]["responseParameters"] =
        json!({ "method.response.header.Allow": format!("'{allow}'") });
    json!({
        "parameters": parameters,
        "security": security,
        "responses": {
            "405": {
                "description": "The path does not take this method.",
                "headers": { "Allow": { "description": "Those it takes.", "schema": { "type": "string" } } },
            },
        },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "contentHandling": "CONVERT_TO_TEXT",
            "passthroughBehavior": "never",
            "requestTemplates": for_media_types(&json!("{\"statusCode\":405}")),
            "responses": answers,
        },
    })
}

fn for_media_types(template: &Value) -> Value {
    let templates: Map<_, _> =
        MEDIA_TYPES.map(|name| (name.to_owned(), template.clone())).into_iter().collect();
    Value::Object(templates)
}

fn uri(rest: &[Value]) -> Value {
    let mut parts = vec![
        json!("arn:"),
        reference("AWS::Partition"),
        json!(":apigateway:"),
        reference("AWS::Region"),
    ];
    parts.extend_from_slice(rest);
    join(&parts)
}

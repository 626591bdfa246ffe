//! The one contract, cut to what is there on AWS and to what API Gateway imports.
//!
//! API Gateway knows less than OpenAPI 3.0: models are JSON Schema draft 4, their names alphanumeric;
//! `example`, `nullable`, `anyOf`, `oneOf`, `format: int64`, `pattern`, `minItems` and more are not
//! supported or ignored; responses by `$ref` are not, and must be in place; a response's schema must be
//! a reference to a model.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>
//! What the schemas lose their descriptions tell; who wants all of it reads the contract itself.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const CONTRACT: &str = include_str!("../../../../ingress/openapi.json");

/// Keywords of a schema that are imported. `properties` and `items` hold schemas themselves.
const SCHEMA_KEYWORDS: [&str; 4] = ["type", "description", "required", "$ref"];

/// Answers of the contract that no door on AWS gives.
const NOT_ON_AWS: [&str; 1] = ["408"];

pub(super) struct Contract {
    document: Value,
    /// Without anchors: `String.matches` takes the whole text.
    pub(super) table_pattern: String,
    pub(super) table_chars_max: u64,
}

/// An operation as API Gateway takes it, without integration.
pub(super) struct Operation {
    pub(super) path: String,
    pub(super) method: String,
    pub(super) value: Map<String, Value>,
}

impl Contract {
    /// The contract is compiled in, so what it lacks is a fault of this build, which the tests find.
    pub(super) fn read() -> Self {
        let document: Value = serde_json::from_str(CONTRACT).expect("the contract is JSON");
        let table = &document["components"]["parameters"]["table"]["schema"];
        let pattern = table["pattern"].as_str().expect("the table's name has a pattern");
        let table_pattern = pattern.trim_start_matches('^').trim_end_matches('$').to_owned();
        let table_chars_max = table["maxLength"].as_u64().expect("the table's name has a bound");
        Contract { document, table_pattern, table_chars_max }
    }

    /// What the API is told of itself.
    pub(super) fn version(&self) -> &Value {
        &self.document["info"]["version"]
    }

    /// The first sentences; the rest is about the contract's other home.
    pub(super) fn description(&self) -> &str {
        let text = self.document["info"]["description"].as_str().unwrap_or_default();
        text.split("\n\n").next().unwrap_or_default()
    }

    /// The operations that are there on AWS.
    pub(super) fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        let paths = self.document["paths"].as_object().expect("the contract has paths");
        for (path, item) in paths {
            let item = item.as_object().expect("a path has operations");
            for (method, operation) in item.iter().filter(|(name, _)| *name != "parameters") {
                if operation.get("x-sluice-local").is_none() {
                    let value = self.operation(&item["parameters"], operation);
                    operations.push(Operation {
                        path: path.clone(),
                        method: method.clone(),
                        value,
                    });
                }
            }
        }
        operations
    }

    /// The request's body has no schema: it is passed on as bytes, never judged by a model.
    fn operation(&self, parameters: &Value, operation: &Value) -> Map<String, Value> {
        let responses = operation["responses"].as_object().expect("an operation has responses");
        let responses: Map<_, _> = responses
            .iter()
            .filter(|(status, _)| !NOT_ON_AWS.contains(&status.as_str()))
            .map(|(status, response)| (status.clone(), self.response(response)))
            .collect();
        let mut kept: Map<_, _> = ["operationId", "summary", "description"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), operation.get(name)?.clone())))
            .collect();
        kept.insert("parameters".to_owned(), self.parameters(parameters));
        kept.insert("responses".to_owned(), Value::Object(responses));
        kept
    }

    /// Path parameters, in place.
    pub(super) fn parameters(&self, parameters: &Value) -> Value {
        let parameter = |parameter: &Value| {
            let parameter = self.resolve(parameter);
            json!({
                "name": parameter["name"],
                "in": parameter["in"],
                "required": true,
                "description": parameter["description"],
                "schema": { "type": "string" },
            })
        };
        parameters.as_array().into_iter().flatten().map(parameter).collect()
    }

    fn response(&self, response: &Value) -> Value {
        let response = self.resolve(response);
        let schema = &response["content"]["application/json"]["schema"];
        let mut kept = json!({
            "description": response["description"],
            "content": { "application/json": { "schema": schema } },
        });
        if let Some(headers) = response.get("headers") {
            kept["headers"] = headers.clone();
        }
        kept
    }

    fn resolve<'c>(&'c self, value: &'c Value) -> &'c Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.trim_start_matches('#');
                self.document.pointer(pointer).expect("a reference of the contract leads somewhere")
            }
            None => value,
        }
    }

    /// The models that the operations name, directly or through each other.
    pub(super) fn models(&self, operations: &[Operation]) -> Map<String, Value> {
        let mut wanted = BTreeSet::new();
        for operation in operations {
            named_models(&operation.value["responses"], &mut wanted);
        }
        let mut models = Map::new();
        while let Some(name) = wanted.pop_first() {
            let model = model(&self.document["components"]["schemas"][&name]);
            named_models(&model, &mut wanted);
            models.insert(name, model);
            wanted.retain(|name| !models.contains_key(name));
        }
        models
    }
}

fn named_models(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(name) = map.get("$ref").and_then(Value::as_str) {
                names.extend(name.rsplit('/').next().map(str::to_owned));
            }
            map.values().for_each(|inner| named_models(inner, names));
        }
        Value::Array(list) => list.iter().for_each(|inner| named_models(inner, names)),
        _ => {}
    }
}

/// A schema with nothing but what API Gateway knows.
fn model(schema: &Value) -> Value {
    let mut kept = Map::new();
    for keyword in SCHEMA_KEYWORDS {
        if let Some(value) = schema.get(keyword) {
            kept.insert(keyword.to_owned(), value.clone());
        }
    }
    if let Some(items) = schema.get("items") {
        kept.insert("items".to_owned(), model(items));
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let properties: Map<_, _> =
            properties.iter().map(|(name, schema)| (name.clone(), model(schema))).collect();
        kept.insert("properties".to_owned(), Value::Object(properties));
    }
    // Of texts: the stable codes and the states.
    if let Some(values) = schema.get("enum").and_then(Value::as_array)
        && values.iter().all(Value::is_string)
    {
        kept.insert("enum".to_owned(), json!(values));
    }
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use super::Contract;
    use serde_json::Value;

    #[test]
    fn what_is_there_on_aws_is_kept() {
        let contract = Contract::read();
        let operations = contract.operations();
        let told: Vec<_> = operations.iter().map(|o| format!("{} {}", o.method, o.path)).collect();
        let expected = [
            "post /table/{table}/object",
            "get /table/{table}/object/{id}",
            "put /table/{table}/object/{id}",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn nothing_is_left_that_api_gateway_does_not_import() {
        let contract = Contract::read();
        let operations = contract.operations();
        let models = contract.models(&operations);
        assert!(models.contains_key("Reason"), "named by Document alone");
        assert!(!models.contains_key("Tables"), "not there on AWS");
        for (name, model) in &models {
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
            let text = model.to_string();
            for keyword in ["nullable", "example", "format", "anyOf", "oneOf", "pattern", "minimum"]
            {
                assert!(!text.contains(&format!("\"{keyword}\"")), "{name}: {keyword}");
            }
        }
        for operation in &operations {
            for (status, response) in operation.value["responses"].as_object().unwrap() {
                assert!(response.get("$ref").is_none(), "{status}");
                let schema = &response["content"]["application/json"]["schema"];
                assert!(schema["$ref"].is_string(), "{status}: a model, not a schema in place");
                assert!(matches!(response["description"], Value::String(_)), "{status}");
            }
        }
    }
}

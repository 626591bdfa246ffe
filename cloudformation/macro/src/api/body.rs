//! The API's body: the contract with API Gateway's extensions.

use super::contract::{Contract, Operation};
use super::{Api, authorizer, gateway_responses, integrations};
use serde_json::{Map, Value, json};

/// `role`: what the integrations act as.
pub(super) fn body(api: &Api, role: &Value) -> Value {
    let contract = Contract::read();
    let operations = contract.operations();
    json!({
        "openapi": "3.0.1",
        "info": {
            "title": api.name.value(),
            "version": contract.version(),
            "description": contract.description(),
        },
        "paths": paths(&contract, &operations, api, role),
        "components": {
            "schemas": contract.models(&operations),
            "securitySchemes": authorizer::schemes(&api.authorizer, role),
        },
        "x-amazon-apigateway-binary-media-types": integrations::MEDIA_TYPES,
        "x-amazon-apigateway-gateway-responses": gateway_responses::gateway_responses(),
    })
}

fn paths(
    contract: &Contract,
    operations: &[Operation],
    api: &Api,
    role: &Value,
) -> Map<String, Value> {
    let security = || authorizer::security(&api.authorizer);
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let mut value = operation.value.clone();
        value.insert("security".to_owned(), security());
        let integration = integrations::integration(operation, contract, api, role);
        value.insert("x-amazon-apigateway-integration".to_owned(), integration);
        let path = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        path[&operation.method] = Value::Object(value);
    }
    for path in paths.values_mut() {
        let taken = path.as_object().expect("made above");
        let methods: Vec<_> = taken.keys().map(|name| name.to_uppercase()).collect();
        let methods: Vec<_> = methods.iter().map(String::as_str).collect();
        let parameters = taken.values().next().map(|first| first["parameters"].clone());
        let any = integrations::any_method(parameters.unwrap_or_default(), security(), &methods);
        path["x-amazon-apigateway-any-method"] = any;
    }
    paths
}

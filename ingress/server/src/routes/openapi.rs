//! `GET /openapi.json`: the contract.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// The file that API Gateway imports.
const CONTRACT: &str = include_str!("../../../openapi.json");

pub(crate) async fn get() -> Response {
    ([(CONTENT_TYPE, "application/json")], CONTRACT).into_response()
}

#[cfg(test)]
mod tests {
    use super::CONTRACT;
    use crate::failure::Code;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// What only API Gateway answers.
    const OF_AWS: &[(&str, &str)] =
        &[("403", "forbidden"), ("404", "not_seen_yet"), ("429", "throttled")];

    /// What is answered outside of every operation.
    const OF_NO_OPERATION: &[Code] = &[Code::MethodNotAllowed];

    #[test]
    fn the_contract_tells_exactly_the_codes_that_there_are() {
        let contract: Value = serde_json::from_str(CONTRACT).unwrap();
        let mut told = BTreeSet::new();
        for item in contract["paths"].as_object().unwrap().values() {
            let operations = item.as_object().unwrap().values().filter(|item| item.is_object());
            for (status, response) in
                operations.flat_map(|operation| operation["responses"].as_object().unwrap())
            {
                let response = resolved(&contract, response);
                let schema = &response["content"]["application/json"]["schema"];
                let codes = &resolved(&contract, schema)["properties"]["error"]["properties"];
                let codes = codes["code"]["enum"].as_array().into_iter().flatten();
                told.extend(codes.map(|code| (status.as_str(), code.as_str().unwrap())));
            }
        }
        let statuses: Vec<_> =
            Code::ALL.iter().map(|code| (code.status().as_u16().to_string(), *code)).collect();
        let answered = statuses
            .iter()
            .filter(|(_, code)| !OF_NO_OPERATION.contains(code))
            .map(|(status, code)| (status.as_str(), code.as_str()));
        assert_eq!(told, answered.chain(OF_AWS.iter().copied()).collect());
    }

    fn resolved<'a>(contract: &'a Value, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => contract.pointer(reference.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }
}

//! Who is let in, as API Gateway's extensions of OpenAPI have it.

use super::conditional::{join, map_branches, pseudo};
use super::properties::Authorizer;
use serde_json::{Value, json};

/// How long an answer of a custom authorizer holds for a token, seconds.
const CUSTOM_RESULT_TTL_S: u32 = 300;

/// `components.securitySchemes`.
pub(super) fn schemes(authorizer: &Value, role: &Value) -> Value {
    map_branches(authorizer, &|branch| match Authorizer::of(branch) {
        Some(Authorizer::Cognito { user_pool_arn }) => json!({
            "cognito": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "cognito_user_pools",
                "x-amazon-apigateway-authorizer": {
                    "type": "cognito_user_pools",
                    "providerARNs": [user_pool_arn],
                },
            },
        }),
        Some(Authorizer::Custom { function_arn }) => json!({
            "custom": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": {
                    "type": "token",
                    "authorizerUri": join(&[
                        json!("arn:"),
                        pseudo("Partition"),
                        json!(":apigateway:"),
                        pseudo("Region"),
                        json!(":lambda:path/2015-03-31/functions/"),
                        function_arn.clone(),
                        json!("/invocations"),
                    ]),
                    // A role, not a permission on the function: that would be a resource of its
                    // own with a condition of its own.
                    "authorizerCredentials": role,
                    "authorizerResultTtlInSeconds": CUSTOM_RESULT_TTL_S,
                },
            },
        }),
        Some(Authorizer::None) | None => json!({}),
    })
}

/// `security` of an operation.
pub(super) fn security(authorizer: &Value) -> Value {
    map_branches(authorizer, &|branch| match Authorizer::of(branch) {
        Some(Authorizer::Cognito { .. }) => json!([{ "cognito": [] }]),
        Some(Authorizer::Custom { .. }) => json!([{ "custom": [] }]),
        Some(Authorizer::None) | None => json!([]),
    })
}

//! Who is let in, as API Gateway's extensions of OpenAPI have it.

use crate::arn::{is_function, is_user_pool};
use crate::decided::Decided;
use crate::intrinsic::{is_no_value, join, reference};
use crate::properties::Properties;
use crate::text::Text;
use serde_json::{Value, json};

/// How long an answer of a custom authorizer holds for a token, seconds.
const CUSTOM_RESULT_TTL_S: u32 = 300;

const EXPECTED: &str =
    "None, {Cognito: {UserPoolArn}}, {Custom: {FunctionArn}}, or an Fn::If between them";

/// Who may call.
#[derive(Debug)]
pub(super) enum Authorizer {
    /// Everybody.
    None,
    /// Users of a pool.
    Cognito { user_pool: Text },
    /// Whom a Lambda function lets in.
    Custom { function: Text },
}

impl Authorizer {
    /// None when something is wrong, which is told.
    pub(super) fn read(properties: &Properties<'_>) -> Option<Decided<Self>> {
        let read = |name: &str, leaf| match leaf {
            leaf if leaf == "None" || is_no_value(leaf) => Some(Authorizer::None),
            leaf => Authorizer::asked(properties, name, leaf),
        };
        let decided = properties.optional_decided("Authorizer", EXPECTED, &read);
        decided.unwrap_or(Some(Decided::Now(Authorizer::None)))
    }

    /// A branch that names who decides.
    fn asked<'t>(properties: &Properties<'t>, name: &str, branch: &'t Value) -> Option<Self> {
        let kinds = properties.as_object(name, branch, EXPECTED)?;
        let cognito = kinds.optional_object("Cognito", "{UserPoolArn}");
        let custom = kinds.optional_object("Custom", "{FunctionArn}");
        if kinds.has("Cognito") == kinds.has("Custom") {
            properties.wrong(name, branch, EXPECTED);
            return None;
        }
        kinds.finish();
        let arn = |of: Properties<'_>, name, expected, is_it: fn(&str) -> bool| {
            let arn = of.name_of_one(name, expected, &is_it);
            of.finish();
            arn
        };
        let cognito =
            cognito.and_then(|of| arn(of, "UserPoolArn", "the ARN of a user pool", is_user_pool));
        let custom =
            custom.and_then(|of| arn(of, "FunctionArn", "the ARN of a function", is_function));
        cognito
            .map(|user_pool| Authorizer::Cognito { user_pool })
            .or(custom.map(|function| Authorizer::Custom { function }))
    }
}

/// `components.securitySchemes`.
pub(super) fn schemes(authorizer: &Decided<Authorizer>, role: &Value) -> Value {
    authorizer.map(&|branch| match branch {
        Authorizer::Cognito { user_pool } => json!({
            "cognito": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "cognito_user_pools",
                "x-amazon-apigateway-authorizer": {
                    "type": "cognito_user_pools",
                    "providerARNs": [user_pool.value()],
                },
            },
        }),
        Authorizer::Custom { function } => json!({
            "custom": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": {
                    "type": "token",
                    "authorizerUri": join(&[
                        json!("arn:"),
                        reference("AWS::Partition"),
                        json!(":apigateway:"),
                        reference("AWS::Region"),
                        json!(":lambda:path/2015-03-31/functions/"),
                        function.value().clone(),
                        json!("/invocations"),
                    ]),
                    // A role, not a permission on the function: that would be a resource of its
                    // own with a condition of its own.
                    "authorizerCredentials": role,
                    "authorizerResultTtlInSeconds": CUSTOM_RESULT_TTL_S,
                },
            },
        }),
        Authorizer::None => json!({}),
    })
}

/// `security` of an operation.
pub(super) fn security(authorizer: &Decided<Authorizer>) -> Value {
    authorizer.map(&|branch| match branch {
        Authorizer::Cognito { .. } => json!([{ "cognito": [] }]),
        Authorizer::Custom { .. } => json!([{ "custom": [] }]),
        Authorizer::None => json!([]),
    })
}

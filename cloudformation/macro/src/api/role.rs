//! What API Gateway may do: put documents, query the ledger, and what that takes.

use super::Api;
use super::authorizer::Authorizer;
use crate::intrinsic::{is_no_value, join, map_leaves, no_value, reference};
use crate::made::Made;
use crate::statement::{document, trust};
use crate::text::Text;
use serde_json::{Value, json};

pub(super) fn role(id: &str, api: &Api) -> Made {
    let mut statements = vec![
        json!({
            "Sid": "PutDocuments",
            "Effect": "Allow",
            "Action": "s3:PutObject",
            // What a template refuses has another key (templates/object.vtl).
            "Resource": arn_of(":s3:::", &api.ingress_bucket, "/id=*"),
        }),
        json!({
            "Sid": "FindDocuments",
            "Effect": "Allow",
            "Action": "dynamodb:Query",
            "Resource": join(&[
                json!("arn:"),
                reference("AWS::Partition"),
                json!(":dynamodb:"),
                reference("AWS::Region"),
                json!(":"),
                reference("AWS::AccountId"),
                json!(":table/"),
                api.ledger_table.value().clone(),
            ]),
            "Condition": {
                "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["document#*"] },
            },
        }),
    ];
    if let Some(key) = &api.kms_key {
        statements.push(map_leaves(key.value(), &use_key));
    }
    let invoke = api.authorizer.map(&ask_authorizer);
    if !is_no_value(&invoke) {
        statements.push(invoke);
    }
    let properties = json!({
        "Description": "API Gateway puts documents into the ingress bucket and reads the ledger.",
        "AssumeRolePolicyDocument": trust("apigateway.amazonaws.com", None),
        "Policies": [{"PolicyName": "ingress", "PolicyDocument": document(statements)}],
        "Tags": api.tags,
    });
    Made::new(format!("{id}Role"), "AWS::IAM::Role", properties)
}

/// A data key for each object, and DynamoDB's own use of the key on behalf of who queries.
fn use_key(key: &Value) -> Value {
    if is_no_value(key) {
        return no_value();
    }
    let service = |name: &str| {
        join(&[
            json!(format!("{name}.")),
            reference("AWS::Region"),
            json!("."),
            reference("AWS::URLSuffix"),
        ])
    };
    json!({
        "Sid": "UseKey",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": key,
        "Condition": { "StringEquals": { "kms:ViaService": [service("s3"), service("dynamodb")] } },
    })
}

fn ask_authorizer(branch: &Authorizer) -> Value {
    match branch {
        Authorizer::Custom { function } => json!({
            "Sid": "AskAuthorizer",
            "Effect": "Allow",
            "Action": "lambda:InvokeFunction",
            "Resource": function.value(),
        }),
        Authorizer::None | Authorizer::Cognito { .. } => no_value(),
    }
}

fn arn_of(service: &str, name: &Text, rest: &str) -> Value {
    join(&[
        json!("arn:"),
        reference("AWS::Partition"),
        json!(service),
        name.value().clone(),
        json!(rest),
    ])
}

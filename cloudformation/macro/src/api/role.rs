//! What API Gateway may do: put documents, query the ledger, and what that takes.

use super::conditional::{is_no_value, join, map_branches, no_value, pseudo};
use super::properties::{Authorizer, Properties};
use serde_json::{Value, json};

/// `AWS::IAM::Role`.
pub(super) fn role(properties: &Properties) -> Value {
    let mut statements = vec![
        json!({
            "Sid": "PutDocuments",
            "Effect": "Allow",
            "Action": "s3:PutObject",
            // What a template refuses has another key (templates/object.vtl).
            "Resource": arn_of(":s3:::", &properties.ingress_bucket, "/id=*"),
        }),
        json!({
            "Sid": "FindDocuments",
            "Effect": "Allow",
            "Action": "dynamodb:Query",
            "Resource": join(&[
                json!("arn:"),
                pseudo("Partition"),
                json!(":dynamodb:"),
                pseudo("Region"),
                json!(":"),
                pseudo("AccountId"),
                json!(":table/"),
                properties.ledger_table.clone(),
            ]),
            "Condition": {
                "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["document#*"] },
            },
        }),
    ];
    if let Some(key) = &properties.kms_key_arn {
        statements.push(map_branches(key, &use_key));
    }
    let invoke = map_branches(&properties.authorizer, &ask_authorizer);
    if !is_no_value(&invoke) {
        statements.push(invoke);
    }
    let mut role = json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": "API Gateway puts documents into the ingress bucket and reads the ledger.",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": "apigateway.amazonaws.com" },
                    "Action": "sts:AssumeRole",
                }],
            },
            "Policies": [{
                "PolicyName": "ingress",
                "PolicyDocument": { "Version": "2012-10-17", "Statement": statements },
            }],
        },
    });
    if let Some(tags) = &properties.tags {
        role["Properties"]["Tags"] = tags.clone();
    }
    role
}

/// A data key for each object, and DynamoDB's own use of the key on behalf of who queries.
fn use_key(key: &Value) -> Value {
    if is_no_value(key) {
        return no_value();
    }
    let service = |name: &str| {
        join(&[json!(format!("{name}.")), pseudo("Region"), json!("."), pseudo("URLSuffix")])
    };
    json!({
        "Sid": "UseKey",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": key,
        "Condition": { "StringEquals": { "kms:ViaService": [service("s3"), service("dynamodb")] } },
    })
}

fn ask_authorizer(branch: &Value) -> Value {
    match Authorizer::of(branch) {
        Some(Authorizer::Custom { function_arn }) => json!({
            "Sid": "AskAuthorizer",
            "Effect": "Allow",
            "Action": "lambda:InvokeFunction",
            "Resource": function_arn,
        }),
        Some(Authorizer::None | Authorizer::Cognito { .. }) | None => no_value(),
    }
}

fn arn_of(service: &str, name: &Value, rest: &str) -> Value {
    join(&[json!("arn:"), pseudo("Partition"), json!(service), name.clone(), json!(rest)])
}

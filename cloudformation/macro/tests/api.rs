//! What `Sluice::Api` expands to, whole. `SLUICE_GOLDEN=write` writes the goldens anew.

#![allow(missing_docs, clippy::unwrap_used)]

use serde_json::{Map, Value, json};
use sluice_template::expand;
use std::path::Path;

/// What is made of an API. `parameters`: as the macro is told them.
fn made(properties: &Value, parameters: &Map<String, Value>) -> Value {
    made_in(&json!({}), properties, parameters)
}

/// As [`made`], in a template that has other sections, too.
fn made_in(sections: &Value, properties: &Value, parameters: &Map<String, Value>) -> Value {
    let mut template = sections.clone();
    template["Resources"] = json!({"Api": {"Type": "Sluice::Api", "Properties": properties}});
    let expanded = expand(&template, parameters);
    expanded.unwrap_or_else(|faults| panic!("{faults}"))["Resources"].take()
}

fn check(name: &str, properties: &Value) {
    let text = format!("{:#}\n", made(properties, &Map::new()));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api").join(name);
    if std::env::var("SLUICE_GOLDEN").as_deref() == Ok("write") {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert!(
        text == golden,
        "{} differs; SLUICE_GOLDEN=write writes it, git diff shows how",
        path.display()
    );
}

/// Also what `scripts/test-api` runs.
#[test]
fn an_open_api() {
    check(
        "open.json",
        &json!({
            "Name": "data_platform-ingress",
            "IngressBucket": { "Ref": "IngressBucket" },
            "LedgerTable": { "Ref": "LedgerTable" },
        }),
    );
}

#[test]
fn an_api_with_everything_by_conditions() {
    let pool = json!({ "Cognito": { "UserPoolArn": { "Fn::GetAtt": ["UserPool", "Arn"] } } });
    let custom = json!({ "Custom": { "FunctionArn": { "Ref": "ApiAuthorizerArn" } } });
    check(
        "conditional.json",
        &json!({
            "Name": { "Fn::Sub": "${Prefix}-ingress" },
            "StageName": "main",
            "IngressBucket": { "Ref": "IngressBucket" },
            "LedgerTable": { "Ref": "LedgerTable" },
            "KmsKeyArn": { "Fn::If": ["Encrypted", { "Ref": "KmsKeyArn" }, { "Ref": "AWS::NoValue" }] },
            "Authorizer": {
                "Fn::If": ["Authorized", { "Fn::If": ["OwnAuthorizer", custom, pool] }, "None"],
            },
            "AccessLogArn": { "Fn::GetAtt": ["AccessLogs", "Arn"] },
            "RateLimit": 50,
            "BurstLimit": { "Ref": "Burst" },
            "Tracing": true,
            "Metrics": { "Ref": "DetailedMetrics" },
            "Tags": [{ "Key": "platform", "Value": "sluice" }],
        }),
    );
}

/// Parameters come as texts.
#[test]
fn texts_and_what_is_left_out_behind_conditions() {
    let made = made(
        &json!({
            "Name": { "Fn::Sub": "${Prefix}-ingress" },
            "IngressBucket": { "Ref": "Bucket" },
            "LedgerTable": "ledger",
            "RateLimit": "50",
            "Tracing": "true",
            "KmsKeyArn": { "Ref": "AWS::NoValue" },
            "Authorizer": { "Ref": "AWS::NoValue" },
        }),
        &Map::new(),
    );
    let stage = &made["ApiStage"]["Properties"];
    assert_eq!(stage["StageName"], "main");
    assert_eq!(stage["MethodSettings"][0]["ThrottlingRateLimit"], "50");
    assert_eq!(stage["TracingEnabled"], "true");
    assert!(!made["ApiRole"].to_string().contains("kms:"));
}

fn deployment(sections: &Value, properties: &Value, parameters: &Map<String, Value>) -> String {
    let made = made_in(sections, properties, parameters);
    let id = made.as_object().unwrap().keys().find(|id| id.starts_with("ApiDeployment"));
    id.expect("a deployment").clone()
}

#[test]
fn whatever_changes_the_api_makes_a_deployment() {
    let with = |bucket: &str, rate: u32, authorize: &str| {
        let properties = json!({ "Name": "n", "IngressBucket": bucket, "LedgerTable": "ledger", "RateLimit": rate });
        let parameters = Map::from_iter([("Authorize".to_owned(), json!(authorize))]);
        deployment(&json!({}), &properties, &parameters)
    };
    let first = with("bucket-a", 1, "False");
    assert_eq!(first, with("bucket-a", 2, "False"), "of the stage alone");
    assert_ne!(first, with("bucket-b", 1, "False"));
    assert_ne!(first, with("bucket-a", 1, "True"), "conditions may depend on it");
    assert!(first.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{first}");
}

/// A stage without a new deployment would go on letting in whom it let in before.
#[test]
fn a_default_and_a_condition_change_the_api() {
    let pool = json!({ "Cognito": { "UserPoolArn": { "Ref": "Pool" } } });
    let properties = json!({
        "Name": "n",
        "IngressBucket": "bucket",
        "LedgerTable": "ledger",
        "Authorizer": { "Fn::If": ["Authorized", pool, "None"] },
    });
    let with = |default: &str, condition: &str, given: Option<&str>| {
        let sections = json!({
            "Parameters": { "Authorize": { "Type": "String", "Default": default } },
            "Conditions": { "Authorized": { "Fn::Equals": [{ "Ref": "Authorize" }, condition] } },
        });
        let given = given.map(|given| ("Authorize".to_owned(), json!(given)));
        deployment(&sections, &properties, &given.into_iter().collect())
    };
    let first = with("False", "True", None);
    assert_ne!(first, with("True", "True", None));
    assert_ne!(first, with("False", "Yes", None));
    assert_eq!(first, with("True", "True", Some("False")), "what is given counts");
}

//! What `Sluice::Api` expands to, whole. `SLUICE_GOLDEN=write` writes the goldens anew.

#![allow(missing_docs, clippy::unwrap_used)]

use serde_json::{Map, Value, json};
use sluice_template::api::{Api, expand};
use std::path::Path;

fn check(name: &str, properties: &Value) {
    let parameters = Map::new();
    let api = Api { logical_id: "Api", properties, parameters: &parameters };
    let resources = expand(&api).unwrap_or_else(|faults| panic!("{faults:?}"));
    let text = format!("{:#}\n", Value::Object(resources));
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

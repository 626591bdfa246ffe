//! Whole templates, expanded: `tests/templates/*.yaml` to `tests/snapshots`.

use serde_json::{Map, Value};
use sluice_template::{expand_template, read_template};

#[track_caller]
fn check(name: &str, text: &str) {
    let template = read_template(text).expect("a template");
    let expanded = expand_template(template.clone(), &Map::new()).expect("no faults");
    let again = expand_template(template, &Map::new()).expect("no faults");
    assert_eq!(expanded.to_string(), again.to_string());
    let text = serde_json::to_string_pretty(&expanded).expect("JSON");
    assert!(!text.contains("Sluice"), "all is expanded");
    insta::assert_snapshot!(name, text);
}

#[test]
fn queues() {
    check("queues", include_str!("templates/queues.yaml"));
}

#[test]
fn functions() {
    check("functions", include_str!("templates/functions.yaml"));
}

/// All that is not Sluice's passes as it is, even where it is odd.
#[test]
fn all_else_is_unchanged() {
    let text = r#"
Transform: [AWS::LanguageExtensions, Sluice]
Mappings: {A: {"1": {b: 2}}}
Hooks: {}
Resources:
  Fn::ForEach::Topics:
    - T
    - [A, B]
    - Topic${T}: {Type: AWS::SNS::Topic}
  Strange: 5
  Bucket:
    Type: AWS::S3::Bucket
    Properties: !Transform {Name: AWS::Include, Parameters: {Location: x}}
Outputs: {A: {Value: !GetAtt Bucket.Arn}}
"#;
    let template = read_template(text).expect("a template");
    let mut expected: Value = template.clone();
    expected["Transform"] = serde_json::json!(["AWS::LanguageExtensions"]);
    assert_eq!(expand_template(template, &Map::new()), Ok(expected.clone()));
    expected["Transform"] = serde_json::json!("AWS::LanguageExtensions");
    assert_eq!(expand_template(expected.clone(), &Map::new()), Ok(expected));
}

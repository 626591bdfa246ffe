//! Templates as text: short forms to long ones, JSON, and what is told with its line.

use serde_json::{Value, json};
use sluice_template::read_template;

#[track_caller]
fn check(text: &str, expected: &Value) {
    assert_eq!(&read_template(text).expect("a template"), expected);
}

#[test]
fn short_forms_become_long_ones() {
    check(
        r#"
# A comment.
Conditions:
  A: !Not [!Equals [!Ref P, "x"]]
  B: !And [!Condition A, Condition: C]
Values:
  - !Ref A
  - !GetAtt A.Arn
  - !GetAtt Stack.Outputs.Arn
  - !GetAtt [A, !Ref Name]
  - !Sub ${A}-b
  - !Sub ["${A}-${B}", {B: !Ref C}]
  - !Sub |
    two
    lines ${A}
  - !If [A, true, !Ref "AWS::NoValue"]
  - !Join ["", [a, 5]]
  - !Select [0, !GetAZs ""]
  - !FindInMap [A, !Ref B, C]
  - !Base64
    Fn::Sub: ${A}
  - !ImportValue
      Fn::Sub: ${A}-x
  - !Transform {Name: AWS::Include, Parameters: {Location: s3://b/k}}
  - Fn::GetAtt: [A, Arn]
"#,
        &json!({
            "Conditions": {
                "A": {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, "x"]}]},
                "B": {"Fn::And": [{"Condition": "A"}, {"Condition": "C"}]},
            },
            "Values": [
                {"Ref": "A"},
                {"Fn::GetAtt": ["A", "Arn"]},
                {"Fn::GetAtt": ["Stack", "Outputs.Arn"]},
                {"Fn::GetAtt": ["A", {"Ref": "Name"}]},
                {"Fn::Sub": "${A}-b"},
                {"Fn::Sub": ["${A}-${B}", {"B": {"Ref": "C"}}]},
                {"Fn::Sub": "two\nlines ${A}\n"},
                {"Fn::If": ["A", true, {"Ref": "AWS::NoValue"}]},
                {"Fn::Join": ["", ["a", 5]]},
                {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
                {"Fn::FindInMap": ["A", {"Ref": "B"}, "C"]},
                {"Fn::Base64": {"Fn::Sub": "${A}"}},
                {"Fn::ImportValue": {"Fn::Sub": "${A}-x"}},
                {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}},
                {"Fn::GetAtt": ["A", "Arn"]},
            ],
        }),
    );
}

#[test]
fn texts_keep_what_they_say() {
    check(
        "AWSTemplateFormatVersion: 2010-09-09\nA: '007'\nB: \"yes\"\nC: !!str 5\nD: ! 6\n80: x\n\
         E: !Ref 5\nF: >-\n  a\n  b\nG: ~\nH: 3.10\n",
        &json!({
            "AWSTemplateFormatVersion": "2010-09-09", "A": "007", "B": "yes", "C": "5", "D": "6",
            "80": "x", "E": {"Ref": "5"}, "F": "a b", "G": null,
            "H": serde_json::from_str::<Value>("3.10").expect("a number"),
        }),
    );
}

#[test]
fn json_is_read() {
    let text = "{\n\t\"A\": {\"Fn::Sub\": \"a\\/\\u00e4\\n\"},\n\t\"B\": [1, -2.5e3, true, null],\n\t\"C\":{}}\n";
    check(text, &serde_json::from_str(text).expect("JSON"));
}

#[test]
fn faults_tell_their_lines() {
    let wrong = "A: !Nothing x\nB:\n  - !Ref [a]\n  - !GetAtt a\n  - !If x\n  - !!binary x\nC: &c 1\n\
                 D: *c\nA: 2\nE: {<<: {}}\nF: yes\nG: 012345678901\n? [a, b]\n: c\non: x\nH: *d\nI: 1";
    insta::assert_snapshot!("yaml", read_template(wrong).expect_err("faults").to_string());
    let deep = "[".repeat(10_000);
    let broken =
        ["", "A:\n  - b\n c: d\n", "A: [b\n", "A: !Base64 !Sub x\n", "A: 1\n---\nB: 1\n", &deep];
    let told = broken.map(|text| read_template(text).expect_err("faults").to_string());
    insta::assert_snapshot!("broken", told.join("\n"));
}

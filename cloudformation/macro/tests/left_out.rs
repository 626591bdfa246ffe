//! What is left out behind a condition has its default there, and nothing is made that CloudFormation or a
//! service would refuse.

use serde_json::{Map, Value, json};
use sluice_template::{expand, read_template};

#[track_caller]
fn made(resource: &str) -> Value {
    let template = read_template(&format!("Resources:\n  A:\n{resource}")).expect("YAML");
    let expanded = expand(&template, &Map::new());
    expanded.unwrap_or_else(|faults| panic!("{faults}"))["Resources"].take()
}

fn function(more: &str) -> Value {
    made(&format!(
        "    Type: Sluice::Function
    Properties:
      Name: worker
      Code: {{S3Bucket: code, S3Key: worker.zip}}
      MemoryMB: 128
      TimeoutSeconds: 60
      LogRetentionDays: 1
      AlarmTopic: !Ref T
{more}"
    ))
}

/// Lambda's own default is another one.
#[test]
fn an_architecture() {
    let made = function("      Architecture: !If [C, x86_64, !Ref AWS::NoValue]");
    let expected = json!([{"Fn::If": ["C", "x86_64", "arm64"]}]);
    assert_eq!(made["A"]["Properties"]["Architectures"], expected);
}

#[test]
fn an_alarms_threshold() {
    let made = made(
        "    Type: Sluice::Queue
    Properties:
      Name: jobs
      ConsumerTimeoutSeconds: 60
      AgeAlarmSeconds: !If [C, 3600, !Ref AWS::NoValue]
      AlarmTopic: !Ref T",
    );
    let threshold = &made["AAgeAlarm"]["Properties"]["Threshold"];
    assert_eq!(*threshold, json!({"Fn::If": ["C", 3600, 900]}));
}

/// IAM refuses a statement whose resources are all left out.
#[test]
fn all_that_a_grant_names() {
    let left_out = |condition: &str, queue: &str| {
        format!("!If [{condition}, !Ref {queue}, !Ref AWS::NoValue]")
    };
    let made = function(&format!(
        "      Grants:
        - {{Do: send, Resource: [{}, {}]}}
        - {{Do: send, Resource: [{}, !Ref Q]}}",
        left_out("C", "Q"),
        left_out("D", "R"),
        left_out("C", "S"),
    ));
    let statements = &made["ARole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    let send = |sid: &str, resources: Value| json!({"Sid": sid, "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": resources});
    let nothing = json!({"Ref": "AWS::NoValue"});
    let when = |condition: &str, then: Value| json!({"Fn::If": [condition, then, nothing]});
    let expected = [
        when("C", send("Send", json!([{"Ref": "Q"}]))),
        when("D", send("Send2", json!([{"Ref": "R"}]))),
        send("Send3", json!([when("C", json!({"Ref": "S"})), {"Ref": "Q"}])),
    ];
    assert_eq!(statements.as_array().expect("statements")[1..], expected);
}

#[test]
fn what_a_schedule_sends() {
    let input = |given: &str| {
        let made =
            function(&format!("      Schedule: {{Expression: rate(1 day), Input: {given}}}"));
        made["ASchedule"]["Properties"]["Target"]["Input"].clone()
    };
    assert_eq!(
        input("!If [C, {sweep: true}, !Ref AWS::NoValue]"),
        json!({"Fn::If": ["C", "{\"sweep\":true}", {"Ref": "AWS::NoValue"}]})
    );
    assert_eq!(input("!Sub '{\"a\":\"${A}\"}'"), json!({"Fn::Sub": "{\"a\":\"${A}\"}"}));
}

#[test]
fn what_an_api_has_defaults_for() {
    let made = made(
        "    Type: Sluice::Api
    Properties:
      Name: door
      StageName: !If [C, door, !Ref AWS::NoValue]
      IngressBucket: bucket
      LedgerTable: ledger
      AccessLogArn: !If [C, !GetAtt Logs.Arn, !Ref AWS::NoValue]
      RateLimit: !If [C, 50, !Ref AWS::NoValue]
      BurstLimit: !If [C, !Ref AWS::NoValue, 50]
      Tracing: !If [C, true, !Ref AWS::NoValue]",
    );
    let stage = &made["AStage"]["Properties"];
    let when = |then: Value, or: Value| json!({"Fn::If": ["C", then, or]});
    assert_eq!(stage["StageName"], when(json!("door"), json!("main")));
    assert_eq!(stage["TracingEnabled"], when(json!(true), json!(false)));
    let method = &stage["MethodSettings"][0];
    assert_eq!(method["ThrottlingRateLimit"], when(json!(50), json!(1000)));
    assert_eq!(method["ThrottlingBurstLimit"], when(json!(2000), json!(50)));
    // Nor is there a format without a destination.
    let log = &stage["AccessLogSetting"]["Fn::If"];
    assert_eq!(log[1]["DestinationArn"], json!({"Fn::GetAtt": ["Logs", "Arn"]}));
    assert!(log[1]["Format"].is_string());
    assert_eq!(log[2], json!({"Ref": "AWS::NoValue"}));
}

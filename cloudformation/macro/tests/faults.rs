//! What is wrong with a template is told at once, naming resource and property.

use serde_json::{Map, json};
use sluice_template::{expand, expand_template, read_template};

#[track_caller]
fn check(name: &str, template: &str) {
    let template = read_template(template).expect("YAML");
    let parameters = Map::from_iter([("Given".to_owned(), json!("1000"))]);
    let faults = expand(&template, &parameters).map(|_| ()).expect_err("faults").to_string();
    insta::assert_snapshot!(name, faults);
}

#[test]
fn everything_at_once() {
    check(
        "at_once",
        r#"
Parameters:
  Text: {Type: String, Default: some}
  Given: {Type: Number, Default: 5}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: 60}
Resources:
  Queue:
    Type: Sluice::Queue
    UpdatePolicy: {}
    Properties:
      Name: jobs.fifo
      Fifo: maybe
      ConsumerTimeoutSeconds: 901
      MaxReceives: 1
      RetentionDays: !GetAtt A.B
      KmsKeyArn: 5
      From: {Bucket: bucket, Acount: "1"}
      AlarmTopics: x
      Tags: {a: b}
  Function:
    Type: Sluice::Function
    Properties:
      Name: [a]
      Code: {S3Bucket: "", S3Key: !Sub "${A}.zip", Key: x}
      MemoryMB: 64
      TimeoutSeconds: x
      Architecture: arm
      Environment: {A: b, C: [d]}
      LogRetentionDays: 8
      ReservedConcurrency: -1
      Tracing: !Ref Text
      Consumes: {QueueArn: "arn:aws:sqs:eu-central-1:123456789012:*", Fifo: true, BatchSize: 11, WindowSeconds: 5}
      Schedule: {Expression: daily}
      Grants:
        - {Do: everything, Resource: "*"}
        - {Do: read-objects, Resource: "arn:aws:s3:::bucket/*", Folder: !Ref Text}
        - {Do: write-objects, Resource: "arn:aws:s3:::bucket", Folder: /a}
        - {Do: invoke, Resource: !GetAtt A.Arn, Folder: a}
        - {Do: send, Resource: ["arn:aws:sqs:eu-central-1:123456789012:a", "arn:aws:s3:::b", !Sub "${A}*"]}
        - {Do: use-key, Resource: []}
        - {Do: invoke}
        - read-objects
      Alarms: [Error]
      AlarmTopic: !Ref AWS::NoValue
  Timeout:
    Type: Sluice::Queue
    Properties:
      {Name: a, ConsumerTimeoutSeconds: !Ref Given, RetentionDays: !Ref Stored, AlarmTopic: !If [C, a, !Ref T]}
  Other: {Type: Sluice::Table, Properties: {}}
  Nothing: {Type: Sluice::Queue}
"#,
    );
}

#[test]
fn an_api() {
    check(
        "api",
        r#"
Resources:
  Door:
    Type: Sluice::Api
    Properties:
      Name: 7
      IngressBucket: ""
      Bucket: x
      KmsKeyArn: key
      RateLimit: many
      BurstLimit: 5001
      Tracing: maybe
      Metrics: !If [Detail, true, 1]
      Authorizer: !If [Open, None, {Cognito: {Arn: x}}]
      Tags: {a: b}
  Other:
    Type: Sluice::Api
    Properties:
      {Name: a, IngressBucket: a, LedgerTable: a, Authorizer: !If [A, {}, !If [B, Nobody, {Custom: {FunctionArn: b}}]]}
  Both:
    Type: Sluice::Api
    Properties:
      Name: a
      IngressBucket: a
      LedgerTable: a
      Authorizer: {Custom: {FunctionArn: !Ref F}, Cognito: {UserPoolArn: !Ref P}}
  Unknown:
    Type: Sluice::Api
    Properties: {Name: a, IngressBucket: a, LedgerTable: a, Authorizer: {Custom: {FunctionArn: !Ref F}, Cognitos: 5}}
"#,
    );
}

/// Resources of one template must fit together.
#[test]
fn what_does_not_fit_together() {
    check(
        "misfits",
        r#"
Resources:
  JobsDead: {Type: AWS::SQS::Queue}
  Jobs:
    Type: Sluice::Queue
    Properties: {Name: jobs, ConsumerTimeoutSeconds: 60, AlarmTopic: !Ref T}
  JobsDeadPolicy:
    Type: Sluice::Queue
    Properties: {Name: other, Fifo: true, From: {Bucket: !Ref B, Account: !Ref A}, ConsumerTimeoutSeconds: 60, AlarmTopic: !Ref T}
  Worker:
    Type: Sluice::Function
    Properties:
      Name: worker
      Code: {S3Bucket: code, S3Key: worker.zip}
      MemoryMB: 128
      TimeoutSeconds: 61
      LogRetentionDays: 1
      Consumes: {QueueArn: !GetAtt Jobs.Arn, Fifo: true, BatchSize: 1, ConcurrencyMax: 5}
      ReservedConcurrency: 4
      AlarmTopic: !Ref T
  Named:
    Type: Sluice::Queue
    Properties: {Name: !Sub "${A}.fifo", Fifo: true, ConsumerTimeoutSeconds: 60, AlarmTopic: !Ref T}
  Fn::ForEach::Many: [Id, [A], {"Queue${Id}": {Type: Sluice::Queue}}]
  Collector:
    Type: Sluice::Function
    Properties:
      Name: collector
      Code: {S3Bucket: code, S3Key: collector.zip}
      MemoryMB: 128
      TimeoutSeconds: 60
      LogRetentionDays: 1
      Consumes: {QueueArn: !GetAtt Jobs.Arn, BatchSize: 11}
      AlarmTopic: !Ref T
"#,
    );
}

#[test]
fn a_template_says_that_it_is_for_the_macro() {
    let template = json!({
        "Resources": {"A": {"Type": "Sluice::Queue"}, "B": {"Type": "AWS::SQS::Queue"}}
    });
    let told = expand_template(template.clone(), &Map::new()).expect_err("a fault").to_string();
    assert_eq!(
        told,
        "Resource A: a type of Sluice needs `Transform: Sluice` at the template's top"
    );
    let given = Map::from_iter([("Unknown".to_owned(), json!("x"))]);
    let told = expand_template(template, &given).expect_err("a fault").to_string();
    assert_eq!(told, "the template has no parameter Unknown");
}

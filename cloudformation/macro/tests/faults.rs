//! What is wrong with a template is told at once, naming resource and property.

use serde_json::{Map, Value, json};
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
      Environment: {AA: b, CC: [d], 2C: e, D: f}
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
      {Name: a, IngressBucket: bucket, LedgerTable: ledger, Authorizer: !If [A, {}, !If [B, Nobody, {Custom: {FunctionArn: b}}]]}
  Both:
    Type: Sluice::Api
    Properties:
      Name: a
      IngressBucket: bucket
      LedgerTable: ledger
      Authorizer: {Custom: {FunctionArn: !Ref F}, Cognito: {UserPoolArn: !Ref P}}
  Unknown:
    Type: Sluice::Api
    Properties: {Name: a, IngressBucket: bucket, LedgerTable: ledger, Authorizer: {Custom: {FunctionArn: !Ref F}, Cognitos: 5}}
"#,
    );
}

/// What a policy names is one thing, whatever makes its text; and what is granted is known.
#[test]
fn what_would_grant_more_than_it_says() {
    check(
        "wide",
        r#"
Resources:
  Door:
    Type: Sluice::Api
    Properties:
      Name: door
      StageName: a/b
      IngressBucket: "*"
      LedgerTable: 'a","Evil": "'
      KmsKeyArn: !Sub "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"
      Authorizer: {Custom: {FunctionArn: !Join [":", [!Ref A, "*"]]}}
      AccessLogArn: door
  Sub:
    Type: Sluice::Api
    Properties:
      {Name: door, IngressBucket: !Sub "${A}*", LedgerTable: !If [A, ledger, !Sub ["${B}", {B: "*"}]]}
  Queue:
    Type: Sluice::Queue
    Properties:
      Name: jobs
      ConsumerTimeoutSeconds: 60
      KmsKeyArn: "arn:aws:s3:::key"
      From: {Bucket: !Sub "arn:${AWS::Partition}:s3:::*", Account: !Ref AWS::AccountId}
      AlarmTopic: "arn:aws:sns:${AWS::Region}:123456789012:alarms"
  Worker:
    Type: Sluice::Function
    Properties:
      Name: worker
      Code: {S3Bucket: code, S3Key: worker.zip}
      MemoryMB: 128
      TimeoutSeconds: 60
      LogRetentionDays: 1
      Consumes: {QueueArn: !Sub "arn:aws:sqs:eu-central-1:123456789012:${A}*", BatchSize: 1}
      Grants:
        - {Do: read-objects, Resource: "arn:aws:s3:::bucket-?"}
        - {Do: read-objects, Resource: !Join ["", ["arn:aws:s3:::", "*"]]}
        - {Do: read-objects, Resource: [!Sub ["arn:aws:s3:::${B}", {B: "*"}]]}
        - {Do: send, Resource: "arn:aws:sqs:::"}
        - {Do: invoke, Resource: "arn:aws:lambda:eu-central-1:123456789012:layer:a"}
        - {Do: !If [A, send, receive], Resource: !Ref Q}
        - {Do: nothing, Resource: !Ref B, Folder: a}
      AlarmTopic: !Ref T
"#,
    );
}

/// What CloudFormation or a service would refuse later, and of a resource that the template does not have.
#[test]
fn what_would_be_refused_later() {
    check(
        "refused",
        r#"
Parameters:
  Secret: {Type: String, NoEcho: true, Default: hunter2}
  ParameterDead: {Type: String}
Resources:
  Jobs:
    Type: Sluice::Queue
    Metadata: 5
    Properties:
      Name: jobs
      Fifo: !Ref Secret
      ConsumerTimeoutSeconds: !Ref Secret
      AlarmTopic: !Ref T
      Tags: [!Ref Tag, a, {Key: a}, {Key: "", Value: {}}, {Key: a, Value: 5, Values: 5}]
  Worker:
    Type: Sluice::Function
    Properties:
      Name: worker
      Code: {S3Bucket: code, S3Key: worker.zip}
      MemoryMB: 128
      TimeoutSeconds: 60
      LogRetentionDays: 1
      Schedule: {Expression: rate(1 day), Input: !If [A, {table: !Ref Table}, x]}
      AlarmTopic: !Ref T
      Tags: !If [A, [5], !Ref AWS::NoValue]
  Parameter:
    Type: Sluice::Queue
    Properties: {Name: jobs, ConsumerTimeoutSeconds: 60, AlarmTopic: !Ref T}
"#,
    );
}

/// A few bytes for each could fill any memory.
#[test]
fn what_is_too_much() {
    let api = json!({
        "Type": "Sluice::Api",
        "Properties": {"Name": "door", "IngressBucket": "bucket", "LedgerTable": "ledger"},
    });
    let apis: Map<_, _> = (0..10_000).map(|at| (format!("Door{at}"), api.clone())).collect();
    let told = expand(&json!({"Resources": apis}), &Map::new()).expect_err("a fault").to_string();
    assert!(told.starts_with("Resource Door") && told.contains("more than 500"), "{told}");
    let grant = json!({"Do": "catalog", "Resource": vec!["lake"; 101]});
    let function = |grants: Vec<_>| {
        let function = json!({"Type": "Sluice::Function", "Properties": {"Grants": grants}});
        let template = json!({"Resources": {"Worker": function}});
        expand(&template, &Map::new()).expect_err("faults").to_string()
    };
    let told = function(vec![grant]);
    assert!(told.contains("Properties.Grants[0].Resource is [\"lake\","), "{told}");
    assert!(told.contains("or a list of them, at most 100"), "{told}");
    let told = function(vec![json!({"Do": "send", "Resource": {"Ref": "Q"}}); 101]);
    assert!(told.contains("a list of at most 100 {Do, Resource}"), "{told}");
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

/// The queue and the timeout are known, though conditions decide.
#[test]
fn what_does_not_fit_under_a_condition() {
    let worker = |arn: Value, seconds: Value| {
        let queue = |seconds: u32| {
            json!({
                "Type": "Sluice::Queue",
                "Properties": {"Name": "a", "ConsumerTimeoutSeconds": seconds, "AlarmTopic": {"Ref": "T"}},
            })
        };
        let template = json!({"Resources": {"Jobs": queue(60), "Slow": queue(900), "Worker": {
            "Type": "Sluice::Function",
            "Properties": {
                "Name": "worker",
                "Code": {"S3Bucket": "code", "S3Key": "worker.zip"},
                "MemoryMB": 128,
                "TimeoutSeconds": seconds,
                "LogRetentionDays": 1,
                "Consumes": {"QueueArn": arn, "BatchSize": 1},
                "AlarmTopic": {"Ref": "T"},
            },
        }}});
        expand(&template, &Map::new()).map(|_| ()).map_err(|faults| faults.to_string())
    };
    let jobs = json!({"Fn::GetAtt": ["Jobs", "Arn"]});
    let slow = json!({"Fn::GetAtt": "Slow.Arn"});
    let either = json!({"Fn::If": ["C", jobs, slow]});
    let seconds = json!({"Fn::If": ["C", 60, 900]});
    let told = "Resource Worker: Properties.TimeoutSeconds is 900: at most 60, the \
                ConsumerTimeoutSeconds of Jobs";
    assert_eq!(worker(jobs, seconds.clone()), Err(told.to_owned()));
    assert_eq!(worker(either.clone(), json!(900)), Err(told.to_owned()));
    assert_eq!(worker(either, seconds.clone()), Ok(()), "they go together");
    assert_eq!(worker(slow, seconds), Ok(()));
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

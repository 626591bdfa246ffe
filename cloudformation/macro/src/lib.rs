//! The resource types of Sluice's templates, expanded to plain CloudFormation.
//!
//! A template that says `Transform: Sluice` may have resources of type `Sluice::Queue`,
//! `Sluice::Function` and `Sluice::Api`. [`expand`] makes plain resources of them; all else passes
//! unchanged, with its intrinsic functions. The macro (the binary `macro`) does that inside AWS,
//! `sluice template expand` anywhere. The same template and parameters always give the same text.
//!
//! # `Sluice::Queue`
//!
//! A queue with its dead-letter queue, policies and alarms.
//!
//! | property | what |
//! |---|---|
//! | `Name` | text without `.fifo`, which is added |
//! | `Fifo` | `false` if left out |
//! | `ConsumerTimeoutSeconds` | number*, 1 to 900; the visibility timeout is six times it |
//! | `MaxReceives` | number*, 5 (also if left out) to 1000 |
//! | `RetentionDays` | number*, 1 to 14 (also if left out) |
//! | `KmsKeyArn` | text; SQS's own key if left out |
//! | `From` | `{Bucket: <ARN>, Account: <id>}`: S3 may send what happens in the bucket |
//! | `AlarmTopic` | ARN of the topic that hears of dead letters and old messages |
//! | `AgeAlarmSeconds` | number, 60 to 1209600; the visibility timeout, at least 900, if left out |
//! | `Tags` | as CloudFormation has them |
//!
//! Makes `<Id>`, `<Id>Dead`, `<Id>Policy`, `<Id>DeadPolicy`, `<Id>DeadAlarm`, `<Id>AgeAlarm`.
//!
//! # `Sluice::Function`
//!
//! A function with exactly the rights it is granted, its log group, source, schedule and alarms.
//!
//! | property | what |
//! |---|---|
//! | `Name`, `Description` | texts; the latter can be left out |
//! | `Code` | `{S3Bucket, S3Key, S3ObjectVersion}`, the last can be left out |
//! | `MemoryMB`, `TimeoutSeconds` | numbers, 128 to 10240 and 1 to 900 |
//! | `Architecture` | `arm64` if left out, or `x86_64` |
//! | `Environment` | texts by name |
//! | `LogRetentionDays` | a number that CloudWatch Logs knows |
//! | `KmsKeyArn` | text; encrypts variables and log |
//! | `ReservedConcurrency` | number from 0 |
//! | `Tracing` | `true` for X-Ray |
//! | `Consumes` | `{QueueArn, Fifo, BatchSize, WindowSeconds, ConcurrencyMax}`, the last two can be left out |
//! | `Schedule` | `{Expression, Input}`, the latter can be left out |
//! | `Grants` | list of `{Do, Resource, Folder}`; what there is to do is told in [`grants`]; a `Folder` of a bucket keeps a grant on objects to those in it |
//! | `Alarms` | those of `[Errors, Throttles]` that it has; both if left out |
//! | `AlarmTopic`, `Tags` | as of a queue |
//!
//! Makes `<Id>`, `<Id>Role`, `<Id>Logs`, `<Id>Source`, `<Id>Schedule`, `<Id>ScheduleRole`,
//! `<Id>ErrorsAlarm`, `<Id>ThrottlesAlarm`.
//!
//! # `Sluice::Api`
//!
//! The front door on AWS: an API Gateway REST API, made from the one contract, with no code in it.
//!
//! | property | what |
//! |---|---|
//! | `Name` | text, of the REST API |
//! | `StageName` | text, `main` if left out |
//! | `IngressBucket` | the bucket's name |
//! | `LedgerTable` | the table's name |
//! | `KmsKeyArn` | what bucket and ledger are encrypted with; without it no grant for a key |
//! | `Authorizer` | `None` (also if left out), `{Cognito: {UserPoolArn}}`, `{Custom: {FunctionArn}}`, or `Fn::If` between them |
//! | `AccessLogArn` | of a log group; API Gateway needs a role for logs in the account's settings |
//! | `RateLimit`, `BurstLimit` | numbers: requests a second, 1 to 10000 (1000 if left out), and at once, 1 to 5000 (2000 if left out) |
//! | `Tracing`, `Metrics` | `true` for X-Ray and for metrics of each method; both cost by the request |
//! | `Tags` | as of a queue |
//!
//! Makes `<Id>` (the REST API), `<Id>Role`, `<Id>Deployment<hash>`, `<Id>Stage`.
//!
//! # Values
//!
//! Wherever a text, a number or a truth value is asked for, an intrinsic function may stand, except
//! for numbers marked *: the macro calculates with them, so they are numbers, or a `Ref` to a
//! parameter. Such a parameter's value becomes part of what is expanded. What can be left out can also
//! be `AWS::NoValue`, behind a condition or not.
//!
//! What an ARN or a name gives rights to is one thing: no `*` and no `?` stand in it, nor in what an
//! intrinsic function makes it of.
//!
//! `Condition` and `Metadata` of a resource are handed on to all that it makes, `DependsOn` to the
//! resource of its id, `DeletionPolicy` and `UpdateReplacePolicy` to what holds data: queues, a
//! function's log.

mod alarm;
mod answer;
mod api;
mod arn;
mod decided;
mod expand;
mod fault;
mod function;
mod grant;
mod intrinsic;
mod limits;
mod made;
mod mismatch;
mod parameters;
mod properties;
mod queue;
mod resource;
mod statement;
mod text;
mod transform;
mod value;
mod yaml;

pub use answer::answer;
pub use expand::expand;
pub use fault::{Fault, Faults};
pub use grant::{GrantKind, grants};
pub use transform::expand_template;
pub use yaml::read_template;

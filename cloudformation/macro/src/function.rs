//! `Sluice::Function`.

mod role;
mod schedule;
mod source;

use crate::alarm::Alarm;
use crate::arn::{is_key, is_topic};
use crate::grant;
use crate::intrinsic::{attribute, leaves, map_leaves, reference};
use crate::limits::{
    DESCRIPTION_CHARS_MAX, FUNCTION_NAME_CHARS_MAX, LOG_RETENTION_DAYS, MEMORY_MB,
    RESERVED_CONCURRENCY, TIMEOUT_SECONDS,
};
use crate::made::Made;
use crate::properties::Properties;
use crate::text::Text;
use crate::value::is_name;
use schedule::Schedule;
use serde_json::{Map, Value, json};
use source::Source;

/// Errors and throttles are looked at over so many seconds.
const ALARM_PERIOD_SECONDS: i64 = 300;

/// What alarms can look at: metrics of Lambda.
const ERRORS: &str = "Errors";
const THROTTLES: &str = "Throttles";

/// Throttling that passes is what retries are for; so many periods of it are not.
const THROTTLED_PERIODS: i64 = 3;

/// What Lambda takes
/// ([`Variables`](https://docs.aws.amazon.com/lambda/latest/api/API_Environment.html)).
const VARIABLE_NAME: &str = "two or more letters, digits and _, a letter first";

/// A function as asked for.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) source: Option<Source>,
    /// One, or one for each branch of a condition; none where one is not known yet.
    pub(crate) timeouts_known: Vec<i64>,
    name: Text,
    description: Option<Text>,
    code: Code,
    memory_mb: Value,
    timeout_seconds: Value,
    architecture: Text,
    environment: Map<String, Value>,
    log_retention_days: Value,
    kms_key: Option<Text>,
    reserved_concurrency: Option<Value>,
    tracing: Value,
    schedule: Option<Schedule>,
    grants: Vec<Value>,
    alarms: Vec<&'static str>,
    alarm_topic: Text,
    tags: Option<Value>,
}

/// Where the zip is.
#[derive(Debug)]
struct Code {
    bucket: Text,
    key: Text,
    version: Option<Text>,
}

impl Function {
    /// None when something is wrong, which is told.
    pub(crate) fn read(properties: &Properties<'_>) -> Option<Self> {
        let name = properties.text(
            "Name",
            &format!("a text of letters, digits, _ and -, at most {FUNCTION_NAME_CHARS_MAX}"),
            &is_function_name,
        );
        let description = properties.optional_text(
            "Description",
            &format!("a text of at most {DESCRIPTION_CHARS_MAX} characters"),
            &|text| text.chars().count() <= DESCRIPTION_CHARS_MAX,
        );
        let code =
            properties.object("Code", "{S3Bucket, S3Key}").and_then(|code| Code::read(&code));
        let memory_mb = properties.number("MemoryMB", MEMORY_MB);
        let timeout_seconds = properties.number("TimeoutSeconds", TIMEOUT_SECONDS);
        let architecture = properties.word_or("Architecture", &["arm64", "x86_64"], "arm64");
        let environment = properties.texts("Environment", VARIABLE_NAME, &is_variable);
        let log_retention_days = properties.number_of("LogRetentionDays", &LOG_RETENTION_DAYS);
        let kms_key = properties.optional_name_of_one("KmsKeyArn", "the ARN of a KMS key", &is_key);
        let reserved_concurrency =
            properties.optional_number("ReservedConcurrency", RESERVED_CONCURRENCY);
        let tracing = properties.flag("Tracing");
        let expected = "{QueueArn, Fifo, BatchSize, WindowSeconds, ConcurrencyMax}";
        let consumes = properties.optional_object("Consumes", expected);
        let source = consumes.as_ref().map(Source::read);
        if let (Some(reserved), Some(Some(source))) = (&reserved_concurrency, &source) {
            source.tell_more_than(reserved, properties);
        }
        let schedule = properties.optional_object("Schedule", "{Expression, Input}");
        let schedule = schedule.as_ref().map(Schedule::read);
        let grants = grant::read(&properties.objects("Grants", "{Do, Resource}"));
        let alarms = properties.words("Alarms", &[ERRORS, THROTTLES]);
        let alarm_topic =
            properties.name_of_one("AlarmTopic", "the ARN of an SNS topic", &is_topic);
        let tags = properties.tags();
        properties.finish();
        let timeout_seconds = timeout_seconds?;
        let timeouts = leaves(&timeout_seconds).into_iter();
        let timeouts_known = timeouts.map(|leaf| properties.known(leaf)).collect::<Option<_>>();
        Some(Function {
            // What is there must be right, or nothing is made.
            source: source.map_or(Some(None), |source| source.map(Some))?,
            schedule: schedule.map_or(Some(None), |schedule| schedule.map(Some))?,
            timeouts_known: timeouts_known.unwrap_or_default(),
            name: name?,
            description,
            code: code?,
            memory_mb: memory_mb?,
            timeout_seconds,
            architecture,
            environment,
            log_retention_days: log_retention_days?,
            kms_key,
            reserved_concurrency,
            tracing,
            grants,
            alarms,
            alarm_topic: alarm_topic?,
            tags,
        })
    }

    /// The resources of function `id`.
    pub(crate) fn expand(&self, id: &str) -> Vec<Made> {
        let mut made = vec![self.function(id), self.role(id), self.logs(id)];
        made.extend(self.source.as_ref().map(|source| source.expand(id, self.tags.as_ref())));
        if let Some(schedule) = &self.schedule {
            made.extend(schedule.expand(id, &self.name, self.tags.as_ref()));
        }
        if self.alarms.contains(&ERRORS) {
            made.push(self.alarm(id, "ErrorsAlarm", ERRORS, "invocations fail", 1));
        }
        if self.alarms.contains(&THROTTLES) {
            let what = "invocations are throttled for a quarter of an hour";
            made.push(self.alarm(id, "ThrottlesAlarm", THROTTLES, what, THROTTLED_PERIODS));
        }
        made
    }

    fn function(&self, id: &str) -> Made {
        let Code { bucket, key, version } = &self.code;
        let mode =
            |leaf: &Value| if leaf == &Value::Bool(true) { "Active" } else { "PassThrough" }.into();
        let environment = &self.environment;
        let properties = json!({
            "FunctionName": self.name.value(),
            "Description": self.description.as_ref().map(Text::value),
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Architectures": [self.architecture.value()],
            "Code": {
                "S3Bucket": bucket.value(),
                "S3Key": key.value(),
                "S3ObjectVersion": version.as_ref().map(Text::value),
            },
            "MemorySize": self.memory_mb,
            "Timeout": self.timeout_seconds,
            "Role": attribute(&format!("{id}Role"), "Arn"),
            "Environment": (!environment.is_empty()).then(|| json!({"Variables": environment})),
            "KmsKeyArn": self.kms_key.as_ref().map(Text::value),
            "LoggingConfig": {"LogGroup": reference(&format!("{id}Logs")), "LogFormat": "Text"},
            "ReservedConcurrentExecutions": self.reserved_concurrency,
            "TracingConfig": {"Mode": map_leaves(&self.tracing, &mode)},
            "Tags": self.tags,
        });
        let made = Made::new(id.to_owned(), "AWS::Lambda::Function", properties).main();
        let made = made
            .skip(
                "CKV_AWS_116",
                "a queue that it consumes has a dead-letter queue; what a schedule or a person \
                 starts is seen by the errors alarm and can be started again",
            )
            .skip(
                "CKV_AWS_117",
                "it calls AWS's own services only; in a VPC it would need endpoints or a NAT, which \
                 cost while nothing happens",
            );
        match &self.reserved_concurrency {
            Some(_) => made,
            None => made.skip(
                "CKV_AWS_115",
                "reserved concurrency is taken from all other functions of the account; its source \
                 bounds it where that is asked for",
            ),
        }
    }

    fn logs(&self, id: &str) -> Made {
        let properties = json!({
            "LogGroupName": self.name.around("/aws/lambda/", "").value(),
            "RetentionInDays": self.log_retention_days,
            "KmsKeyId": self.kms_key.as_ref().map(Text::value),
            "Tags": self.tags,
        });
        Made::new(format!("{id}Logs"), "AWS::Logs::LogGroup", properties).holding_data()
    }

    fn alarm(&self, id: &str, name: &str, metric: &'static str, what: &str, periods: i64) -> Made {
        Alarm {
            id: format!("{id}{name}"),
            description: self.name.around("Function ", &format!(": {what}")).value().clone(),
            namespace: "AWS/Lambda",
            metric,
            statistic: "Sum",
            dimension: ("FunctionName", reference(id)),
            period_seconds: ALARM_PERIOD_SECONDS,
            periods,
            threshold: 0.into(),
            topic: self.alarm_topic.value().clone(),
            tags: self.tags.clone(),
        }
        .made()
    }
}

impl Code {
    fn read(properties: &Properties<'_>) -> Option<Self> {
        let is_there = |text: &str| !text.is_empty();
        let bucket = properties.text("S3Bucket", "the name of a bucket", &is_there);
        let key = properties.text("S3Key", "the key of the function's zip", &is_there);
        let version = properties.optional_text("S3ObjectVersion", "a version of it", &is_there);
        properties.finish();
        Some(Code { bucket: bucket?, key: key?, version })
    }
}

fn is_function_name(text: &str) -> bool {
    is_name(text, FUNCTION_NAME_CHARS_MAX)
}

fn is_variable(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.len() >= 2
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(allowed)
}

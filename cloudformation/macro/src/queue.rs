//! `Sluice::Queue`.

use crate::alarm::Alarm;
use crate::arn::{is_bucket, is_key, is_topic};
use crate::intrinsic::{attribute, reference, where_given, where_left_out};
use crate::limits::{
    AGE_ALARM_SECONDS, AGE_ALARM_SECONDS_MIN, DAY_SECONDS, MAX_RECEIVES, QUEUE_NAME_CHARS_MAX,
    RETENTION_DAYS, TIMEOUT_SECONDS, VISIBILITY_PER_TIMEOUT,
};
use crate::made::Made;
use crate::properties::Properties;
use crate::statement::{allow, document};
use crate::text::Text;
use crate::value::is_name;
use serde_json::{Value, json};

const ARN: &str = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:";

/// With a key of one's own, how long SQS uses a data key, seconds: each use of a new one is a call of
/// KMS, and somebody whose access to the key ended still reads for as long.
const DATA_KEY_SECONDS: i64 = 3_600;

/// A queue as asked for.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) fifo: bool,
    pub(crate) consumer_timeout_seconds: i64,
    name: Text,
    max_receives: i64,
    retention_days: i64,
    kms_key: Option<Text>,
    from: Option<From>,
    alarm_topic: Text,
    age_alarm_seconds: Value,
    tags: Option<Value>,
}

/// The bucket whose events S3 sends.
#[derive(Debug)]
struct From {
    bucket: Text,
    account: Text,
}

impl Queue {
    /// None when something is wrong, which is told.
    pub(crate) fn read(properties: &Properties<'_>) -> Option<Self> {
        let name = properties.text(
            "Name",
            &format!(
                "a text of letters, digits, _ and -, at most {QUEUE_NAME_CHARS_MAX}; .fifo and -dead \
                 are added"
            ),
            &is_queue_name,
        );
        // In a Sub it is found out only when the stack is made, if at all.
        if let Some(name) = name.as_ref().filter(|name| name.is_written_with_end(".fifo")) {
            properties.wrong("Name", name.value(), "a text without .fifo, which is added");
        }
        let fifo = properties.plain_flag("Fifo");
        let timeout = properties.known_number("ConsumerTimeoutSeconds", TIMEOUT_SECONDS, None);
        let visibility_seconds = timeout.unwrap_or_default() * VISIBILITY_PER_TIMEOUT;
        let max_receives = properties.known_number("MaxReceives", MAX_RECEIVES, Some(5));
        let retention_days = properties.known_number("RetentionDays", RETENTION_DAYS, Some(14));
        let kms_key = properties.optional_name_of_one("KmsKeyArn", "the ARN of a KMS key", &is_key);
        let from =
            properties.optional_object("From", "{Bucket: its ARN, Account: its account's id}");
        let from = from.and_then(|from| From::read(&from));
        if fifo && properties.has("From") {
            // https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
            properties.wrong(
                "Fifo",
                &Value::Bool(true),
                "false, since S3 sends to no FIFO queue (From)",
            );
        }
        let alarm_topic =
            properties.name_of_one("AlarmTopic", "the ARN of an SNS topic", &is_topic);
        let age_alarm_seconds = properties.number_or(
            "AgeAlarmSeconds",
            AGE_ALARM_SECONDS,
            visibility_seconds.max(AGE_ALARM_SECONDS_MIN),
        );
        let tags = properties.tags();
        properties.finish();
        Some(Queue {
            fifo,
            consumer_timeout_seconds: timeout?,
            name: name?,
            max_receives: max_receives?,
            retention_days: retention_days?,
            kms_key,
            from,
            alarm_topic: alarm_topic?,
            age_alarm_seconds,
            tags,
        })
    }

    /// The resources of queue `id`.
    pub(crate) fn expand(&self, id: &str) -> Vec<Made> {
        let dead_id = format!("{id}Dead");
        let suffix = if self.fifo { ".fifo" } else { "" };
        let redrive = json!({
            "deadLetterTargetArn": attribute(&dead_id, "Arn"),
            "maxReceiveCount": self.max_receives,
        });
        // By name: the two queues' attributes cannot name each other.
        let own_arn = self.name.around(ARN, suffix);
        let allow_redrive =
            json!({"redrivePermission": "byQueue", "sourceQueueArns": [own_arn.value()]});
        let visibility_seconds = self.consumer_timeout_seconds * VISIBILITY_PER_TIMEOUT;
        let mut queue = self.queue(&self.name.around("", suffix), self.retention_days);
        queue["VisibilityTimeout"] = visibility_seconds.into();
        queue["RedrivePolicy"] = redrive;
        let dead_name = self.name.around("", &format!("-dead{suffix}"));
        // As long as there is: a person has to come and look.
        let mut dead = self.queue(&dead_name, *RETENTION_DAYS.end());
        dead["VisibilityTimeout"] = visibility_seconds.into();
        dead["RedriveAllowPolicy"] = allow_redrive;
        vec![
            Made::new(id.to_owned(), "AWS::SQS::Queue", queue).main().holding_data(),
            Made::new(dead_id.clone(), "AWS::SQS::Queue", dead).holding_data(),
            self.policy(id, self.from.as_ref()),
            self.policy(&dead_id, None),
            self.alarm(
                id,
                "DeadAlarm",
                "messages that could not be processed wait in the dead-letter queue",
                "ApproximateNumberOfMessagesVisible",
                attribute(&dead_id, "QueueName"),
                0.into(),
            ),
            self.alarm(
                id,
                "AgeAlarm",
                "messages wait longer than they should",
                "ApproximateAgeOfOldestMessage",
                attribute(id, "QueueName"),
                self.age_alarm_seconds.clone(),
            ),
        ]
    }

    fn queue(&self, name: &Text, retention_days: i64) -> Value {
        let fifo = self.fifo.then_some(true);
        let key = self.kms_key.as_ref().map(Text::value);
        json!({
            "QueueName": name.value(),
            "FifoQueue": fifo,
            // High throughput: order matters within a group only.
            "DeduplicationScope": fifo.map(|_| "messageGroup"),
            "FifoThroughputLimit": fifo.map(|_| "perMessageGroupId"),
            "MessageRetentionPeriod": retention_days * DAY_SECONDS,
            "KmsMasterKeyId": key,
            "KmsDataKeyReusePeriodSeconds": key.map(|key| where_given(key, &DATA_KEY_SECONDS.into())),
            "SqsManagedSseEnabled": where_left_out(key, &Value::Bool(true)),
            "Tags": self.tags,
        })
    }

    /// A policy has one queue: SQS takes statements about its own queue only.
    fn policy(&self, queue_id: &str, from: Option<&From>) -> Made {
        let arn = attribute(queue_id, "Arn");
        let mut statements = vec![json!({
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            // A denial names no actions, so that it leaves none out.
            "Action": "sqs:*",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        })];
        if let Some(From { bucket, account }) = from {
            let mut send = allow("AllowAnnouncements", &["sqs:SendMessage"], &[Text::new(arn)]);
            send["Principal"] = json!({"Service": "s3.amazonaws.com"});
            send["Condition"] = json!({
                "ArnEquals": {"aws:SourceArn": bucket.value()},
                "StringEquals": {"aws:SourceAccount": account.value()},
            });
            statements.push(send);
        }
        let properties =
            json!({"Queues": [reference(queue_id)], "PolicyDocument": document(statements)});
        Made::new(format!("{queue_id}Policy"), "AWS::SQS::QueuePolicy", properties)
    }

    fn alarm(
        &self,
        id: &str,
        name: &str,
        what: &str,
        metric: &'static str,
        queue_name: Value,
        threshold: Value,
    ) -> Made {
        Alarm {
            id: format!("{id}{name}"),
            description: self.name.around("Queue ", &format!(": {what}")).value().clone(),
            namespace: "AWS/SQS",
            metric,
            statistic: "Maximum",
            dimension: ("QueueName", queue_name),
            // SQS tells its figures once a minute.
            period_seconds: 60,
            periods: 1,
            threshold,
            topic: self.alarm_topic.value().clone(),
            tags: self.tags.clone(),
        }
        .made()
    }
}

impl From {
    fn read(properties: &Properties<'_>) -> Option<Self> {
        let bucket = properties.name_of_one("Bucket", "the ARN of a bucket", &is_bucket);
        let account = properties.text("Account", "the 12 digits of an account's id", &|text| {
            text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
        });
        properties.finish();
        Some(From { bucket: bucket?, account: account? })
    }
}

fn is_queue_name(text: &str) -> bool {
    is_name(text, QUEUE_NAME_CHARS_MAX)
}

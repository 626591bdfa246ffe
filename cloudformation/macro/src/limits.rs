//! The bounds of AWS that templates meet, and how they relate.

use std::ops::RangeInclusive;

/// [Lambda's timeout](https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html).
pub(crate) const TIMEOUT_SECONDS: RangeInclusive<i64> = 1..=900;

/// [Lambda's memory](https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
pub(crate) const MEMORY_MB: RangeInclusive<i64> = 128..=10_240;

/// Of an account's concurrency, which can be raised without a bound that is told.
pub(crate) const RESERVED_CONCURRENCY: RangeInclusive<i64> = 0..=1_000_000;

/// [What AWS asks for](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html), so
/// that a batch that is throttled or retried is not delivered to a second function meanwhile.
pub(crate) const VISIBILITY_PER_TIMEOUT: i64 = 6;

/// [The same page](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html): with
/// fewer, messages die of throttling.
pub(crate) const MAX_RECEIVES: RangeInclusive<i64> = 5..=1_000;

/// [SQS's bound](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html)
/// on the visibility timeout, seconds.
const VISIBILITY_SECONDS_MAX: i64 = 43_200;

/// SQS's bound on retention, days.
pub(crate) const RETENTION_DAYS: RangeInclusive<i64> = 1..=14;

pub(crate) const DAY_SECONDS: i64 = 86_400;

/// A queue's name, characters; `-dead.fifo` must still fit.
pub(crate) const QUEUE_NAME_CHARS_MAX: usize = 80 - "-dead.fifo".len();

/// Elements of a list that becomes statements of a policy. A role's policies have
/// [at most 10,240 characters](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html),
/// and each element makes some dozens; a longer list could only take memory.
pub(crate) const LISTED_MAX: usize = 100;

/// Resources of a template ([CloudFormation](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html)).
pub(crate) const RESOURCES_MAX: usize = 500;

/// A function's name, characters.
pub(crate) const FUNCTION_NAME_CHARS_MAX: usize = 64;

/// The name of an API's stage, characters.
pub(crate) const STAGE_NAME_CHARS_MAX: usize = 128;

/// A function's description, characters.
pub(crate) const DESCRIPTION_CHARS_MAX: usize = 256;

/// Messages of one invocation, FIFO and standard, and the window to collect them in
/// ([Lambda](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html)).
pub(crate) const FIFO_BATCH_SIZE: RangeInclusive<i64> = 1..=10;
pub(crate) const BATCH_SIZE: RangeInclusive<i64> = 1..=10_000;
pub(crate) const WINDOW_SECONDS: RangeInclusive<i64> = 0..=300;
pub(crate) const SOURCE_CONCURRENCY: RangeInclusive<i64> = 2..=1_000;

/// Without a window, a batch of a standard queue has at most so many messages.
pub(crate) const BATCH_SIZE_WITHOUT_WINDOW: i64 = 10;

/// [What CloudWatch Logs knows](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html),
/// days.
pub(crate) const LOG_RETENTION_DAYS: [i64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557,
    2_922, 3_288, 3_653,
];

/// A message that waits less long is no reason to wake anybody, seconds.
pub(crate) const AGE_ALARM_SECONDS_MIN: i64 = 900;

/// What an age alarm can be set to, seconds.
pub(crate) const AGE_ALARM_SECONDS: RangeInclusive<i64> = 60..=14 * DAY_SECONDS;

/// [API Gateway's](https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html) requests of an
/// account, a second and at once; both can be raised.
pub(crate) const API_REQUESTS_PER_SECOND: RangeInclusive<i64> = 1..=10_000;
pub(crate) const API_BURST: RangeInclusive<i64> = 1..=5_000;

const _: () = assert!(*TIMEOUT_SECONDS.end() * VISIBILITY_PER_TIMEOUT <= VISIBILITY_SECONDS_MAX);

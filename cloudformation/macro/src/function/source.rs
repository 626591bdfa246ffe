//! The queue that invokes a function.

use crate::arn::is_queue;
use crate::intrinsic::reference;
use crate::limits::{
    BATCH_SIZE, BATCH_SIZE_WITHOUT_WINDOW, FIFO_BATCH_SIZE, SOURCE_CONCURRENCY, WINDOW_SECONDS,
};
use crate::made::Made;
use crate::properties::Properties;
use crate::statement::allow;
use crate::text::Text;
use serde_json::{Value, json};

/// What a function consumes.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) queue: Text,
    pub(crate) fifo: bool,
    batch_size: Value,
    window_seconds: Option<Value>,
    concurrency_max: Option<Value>,
}

impl Source {
    pub(super) fn read(properties: &Properties<'_>) -> Option<Self> {
        let queue = properties.name_of_one("QueueArn", "the ARN of a queue", &is_queue);
        let fifo = properties.plain_flag("Fifo");
        let sizes = if fifo { FIFO_BATCH_SIZE } else { BATCH_SIZE };
        let batch_size = properties.number("BatchSize", sizes);
        let window_seconds = properties.optional_number("WindowSeconds", WINDOW_SECONDS);
        if let (true, Some(window)) = (fifo, &window_seconds) {
            properties.wrong("WindowSeconds", window, "left out, since a FIFO queue has no window");
        }
        let size = batch_size.as_ref().and_then(|size| properties.known(size));
        let window = window_seconds.as_ref().map_or(Some(0), |window| properties.known(window));
        if let (Some(size), Some(0), false) = (size, window, fifo)
            && size > BATCH_SIZE_WITHOUT_WINDOW
        {
            let expected =
                format!("at most {BATCH_SIZE_WITHOUT_WINDOW} unless WindowSeconds is 1 or more");
            properties.wrong("BatchSize", &size.into(), &expected);
        }
        let concurrency_max = properties.optional_number("ConcurrencyMax", SOURCE_CONCURRENCY);
        properties.finish();
        Some(Source {
            queue: queue?,
            fifo,
            batch_size: batch_size?,
            window_seconds,
            concurrency_max,
        })
    }

    /// More invocations than the function may have would be throttled, and each such delivery counts as
    /// a receive.
    pub(super) fn tell_more_than(&self, reserved: &Value, properties: &Properties<'_>) {
        let most = self.concurrency_max.as_ref().and_then(|max| properties.known(max));
        if let (Some(most), Some(known)) = (most, properties.known(reserved))
            && most > known
        {
            let expected = format!("at least {most}, the ConcurrencyMax of what it consumes");
            properties.wrong("ReservedConcurrency", reserved, &expected);
        }
    }

    pub(super) fn expand(&self, id: &str, tags: Option<&Value>) -> Made {
        let properties = json!({
            "EventSourceArn": self.queue.value(),
            "FunctionName": reference(id),
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": self.window_seconds,
            // What failed comes again, and only that.
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": self.concurrency_max.as_ref().map(|max| json!({"MaximumConcurrency": max})),
            "Tags": tags,
        });
        Made::new(format!("{id}Source"), "AWS::Lambda::EventSourceMapping", properties)
    }

    /// What [Lambda needs](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html) to
    /// read the queue for the function, and that the function may give a message back early (D4).
    pub(super) fn statement(&self) -> Value {
        let actions = [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        ];
        allow("Consume", &actions, std::slice::from_ref(&self.queue))
    }
}

//! The queue of batches on SQS FIFO.

use crate::clients::Aws;
use crate::failure::CallFailed;
use crate::limits::{RECEIVE_WAIT_SECONDS, RELEASE_SECONDS_MAX};
use crate::queue_message::{parse_message, text};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use sluice_pipeline::{BatchMessage, Delivery, Lanes, PortError, Receipt, WorkQueue};
use std::time::Duration;

/// A FIFO queue of batches, or the dead-letter queue of one. The group of a message is its table, or
/// one of the table's shards; for what a rebuild sends, the table and the generation, without shards.
#[derive(Debug, Clone)]
pub struct SqsWorkQueue {
    client: Client,
    url: String,
    shards: u32,
    trace: Option<String>,
    /// What is sent goes to groups of their own; see [`Lanes::beside`].
    beside: Option<u32>,
}

const TRACE_HEADER: MessageSystemAttributeNameForSends =
    MessageSystemAttributeNameForSends::AwsTraceHeader;

/// SQS gave a message without what every message has.
#[derive(Debug, thiserror::Error)]
#[error("the message has no {0}")]
struct Lacks(&'static str);

impl SqsWorkQueue {
    /// The queue at `url`.
    #[must_use]
    pub fn new(aws: &Aws, url: String) -> Self {
        SqsWorkQueue { client: aws.sqs(), url, shards: 1, trace: None, beside: None }
    }

    /// Lets so many batches of one table be at work at the same time, 1 or more. What they find out
    /// about the table's schema at the same time costs the slower one a second shaping.
    #[must_use]
    pub fn with_shards(self, shards: u32) -> Self {
        SqsWorkQueue { shards: shards.max(1), ..self }
    }

    /// Passes on the X-Ray trace of an invocation (its header), so that a batch's normalizer stands in
    /// the trace of its dispatcher.
    #[must_use]
    pub fn with_trace(self, header: Option<String>) -> Self {
        SqsWorkQueue { trace: header, ..self }
    }

    /// A batch sent again is in the group that it was in at first.
    fn group(&self, message: &BatchMessage) -> String {
        let mut group = message.table.to_string();
        if let Some(generation) = self.beside {
            group.push_str(&format!("#g{generation}"));
        }
        if self.shards > 1 {
            // The id is a hash.
            let id = message.batch.as_str().bytes();
            let mixed = id.fold(0_u32, |mixed, b| mixed.wrapping_mul(31) ^ u32::from(b));
            group.push_str(&format!("#{}", mixed % self.shards));
        }
        group
    }
}

impl Lanes for SqsWorkQueue {
    fn beside(&self, generation: u32) -> Self {
        SqsWorkQueue { beside: Some(generation), shards: 1, ..self.clone() }
    }
}

impl WorkQueue for SqsWorkQueue {
    /// SQS drops a repetition within five minutes.
    async fn send(&self, message: &BatchMessage) -> Result<(), PortError> {
        let send = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(self.group(message))
            .message_deduplication_id(format!("{}.{}", message.batch, message.send))
            .message_body(text(message));
        let send = match &self.trace {
            Some(header) => {
                let header = MessageSystemAttributeValue::builder()
                    .data_type("String")
                    .string_value(header)
                    .build()
                    .expect("the type is set");
                send.message_system_attributes(TRACE_HEADER, header)
            }
            None => send,
        };
        let sent = send.send().await;
        sent.map(|_| ())
            .map_err(|error| CallFailed::of(&error).at(format!("send batch {}", message.batch)))
    }

    /// Waits a second when there is nothing.
    async fn receive(&self) -> Result<Option<Delivery>, PortError> {
        let what = || "receive a batch".to_owned();
        let receive = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(1)
            .wait_time_seconds(RECEIVE_WAIT_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let received = receive.send().await.map_err(|error| CallFailed::of(&error).at(what()))?;
        let Some(message) = received.messages.unwrap_or_default().pop() else { return Ok(None) };
        let lacks = |what_it_lacks| PortError::Damaged {
            what: what(),
            source: Box::new(Lacks(what_it_lacks)),
        };
        let count = message
            .attributes()
            .and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount))
            .and_then(|count| count.parse().ok());
        let receives = count.ok_or_else(|| lacks("receive count"))?;
        // What cannot be read comes again until SQS moves it to the dead-letter queue.
        let batch = parse_message(message.body().unwrap_or_default())
            .map_err(|error| PortError::Damaged { what: what(), source: Box::new(error) })?;
        let receipt = message.receipt_handle.ok_or_else(|| lacks("receipt"))?;
        Ok(Some(Delivery { message: batch, receives, receipt: Receipt(receipt) }))
    }

    async fn delete(&self, receipt: &Receipt) -> Result<(), PortError> {
        let delete = self.client.delete_message().queue_url(&self.url).receipt_handle(&receipt.0);
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_over(&error) => Ok(()),
            Err(error) => Err(CallFailed::of(&error).at("delete a message".to_owned())),
        }
    }

    /// `delay`: rounded up to seconds, at most 11 hours and three quarters.
    async fn release(&self, receipt: &Receipt, delay: Duration) -> Result<(), PortError> {
        let release = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(&receipt.0)
            .visibility_timeout(visibility_seconds(delay));
        match release.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_over(&error) => Ok(()),
            Err(error) => Err(CallFailed::of(&error).at("release a message".to_owned())),
        }
    }
}

fn visibility_seconds(delay: Duration) -> i32 {
    let seconds = delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0));
    i32::try_from(seconds.min(RELEASE_SECONDS_MAX)).unwrap_or(i32::MAX)
}

/// Whether the delivery that a receipt names is over: the message came due again, or is gone.
///
/// A FIFO queue says `InvalidParameterValue` ("The receipt handle has expired"), which it also says
/// of a parameter that is wrong; ours are not, but for the receipt.
fn is_over<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    let code = error.code().unwrap_or_default();
    let code = code.rsplit('.').next().unwrap_or_default();
    matches!(
        code,
        "InvalidParameterValue"
            | "InvalidParameterValueException"
            | "MessageNotInflight"
            | "ReceiptHandleIsInvalid"
    )
}

#[cfg(test)]
mod tests {
    use super::visibility_seconds;
    use std::time::Duration;

    #[test]
    fn delays_are_seconds_within_what_sqs_takes() {
        let cases = [
            (Duration::ZERO, 0),
            (Duration::from_nanos(1), 1),
            (Duration::from_secs(1), 1),
            (Duration::from_millis(1_001), 2),
            (Duration::from_secs(12 * 3_600), 42_300),
            (Duration::MAX, 42_300),
        ];
        for (delay, seconds) in cases {
            assert_eq!(visibility_seconds(delay), seconds, "{delay:?}");
        }
    }
}

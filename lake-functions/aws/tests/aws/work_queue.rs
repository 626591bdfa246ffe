//! The work queue on SQS FIFO.

use crate::harness::{Emulator, fifo_queue};
use aws_sdk_sqs::types::MessageSystemAttributeName;
use sluice_aws::{SqsWorkQueue, parse_message};
use sluice_normalizer::{DocumentId, TableName};
use sluice_pipeline::{Batch, BatchMessage, Delivery, PortError, Receipt, WorkQueue};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

const VISIBILITY: Duration = Duration::from_secs(60);

/// moto takes any receipt a message ever had. A FIFO queue of AWS refuses one whose delivery is over
/// ("The receipt handle has expired"), so that is done here.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>
struct Expiring {
    queue: SqsWorkQueue,
    newest: Mutex<HashMap<String, Receipt>>,
}

impl Expiring {
    fn expired(&self, receipt: &Receipt) -> bool {
        !self.newest.lock().expect("no panic").values().any(|newest| newest == receipt)
    }
}

impl WorkQueue for Expiring {
    async fn send(&self, message: &BatchMessage) -> Result<(), PortError> {
        self.queue.send(message).await
    }

    async fn receive(&self) -> Result<Option<Delivery>, PortError> {
        let delivery = self.queue.receive().await?;
        if let Some(Delivery { message, receipt, .. }) = &delivery {
            let name = format!("{}.{}", message.batch, message.send);
            self.newest.lock().expect("no panic").insert(name, receipt.clone());
        }
        Ok(delivery)
    }

    async fn delete(&self, receipt: &Receipt) -> Result<(), PortError> {
        if self.expired(receipt) { Ok(()) } else { self.queue.delete(receipt).await }
    }

    async fn release(&self, receipt: &Receipt, delay: Duration) -> Result<(), PortError> {
        if self.expired(receipt) { Ok(()) } else { self.queue.release(receipt, delay).await }
    }
}

#[tokio::test]
async fn moto_conforms() {
    let aws = Emulator::Moto.aws().await;
    let url = fifo_queue(&aws, "batches", VISIBILITY).await;
    let queue = Expiring { queue: SqsWorkQueue::new(&aws, url), newest: Mutex::default() };
    sluice_conformance::work_queue(&queue).await;
}

#[tokio::test]
async fn rebuilds_have_lanes() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let aws = emulator.aws().await;
        let url = fifo_queue(&aws, "batches", VISIBILITY).await;
        // Of the shards only live batches know.
        sluice_conformance::lanes(&SqsWorkQueue::new(&aws, url).with_shards(4)).await;
    }
}

#[tokio::test]
async fn ministack_conforms() {
    let aws = Emulator::Ministack.aws().await;
    let url = fifo_queue(&aws, "batches", VISIBILITY).await;
    sluice_conformance::work_queue(&SqsWorkQueue::new(&aws, url)).await;
}

fn message(table: &str, document: &str, send: u32) -> BatchMessage {
    let table = TableName::parse(table).expect("a table name");
    let id = DocumentId::parse(document).expect("an id");
    let batch = Batch::new(table, 1, vec![id]);
    BatchMessage { table: batch.table, batch: batch.id, send }
}

#[tokio::test]
async fn a_repetition_is_dropped_and_a_redrive_is_not() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let aws = emulator.aws().await;
        let queue = SqsWorkQueue::new(&aws, fifo_queue(&aws, "batches", VISIBILITY).await);
        let (first, redriven) = (message("a", "1", 0), message("a", "1", 1));
        for message in [&first, &first, &redriven, &first] {
            queue.send(message).await.expect("send");
        }
        for expected in [first, redriven] {
            let out = queue.receive().await.expect("receive").expect("a message");
            assert_eq!(out.message, expected);
            queue.delete(&out.receipt).await.expect("delete");
            // SQS keeps the id of what was deleted, too; moto forgets it.
            // <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html>
            if emulator != Emulator::Moto {
                queue.send(&expected).await.expect("send");
            }
        }
        assert_eq!(queue.receive().await.expect("receive"), None, "{emulator:?}");
    }
}

#[tokio::test]
async fn a_message_says_whose_turn_it_is() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let aws = emulator.aws().await;
        let url = fifo_queue(&aws, "batches", VISIBILITY).await;
        let sent = message("orders", "1", 3);
        SqsWorkQueue::new(&aws, url.clone()).send(&sent).await.expect("send");
        let receive = aws
            .sqs()
            .receive_message()
            .queue_url(url)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        let received = receive.send().await.expect("receive").messages.expect("messages");
        let attribute = |name: &str| {
            received[0].attributes().expect("attributes").get(&name.into()).map(String::as_str)
        };
        assert_eq!(attribute("MessageGroupId"), Some("orders"));
        let deduplication = format!("{}.3", sent.batch);
        assert_eq!(attribute("MessageDeduplicationId"), Some(deduplication.as_str()));
        // A function is given the same body.
        let body = received[0].body().expect("a body");
        assert_eq!(parse_message(body).expect("a message"), sent);
    }
}

#[tokio::test]
async fn as_many_batches_of_a_table_are_out_as_it_has_shards() {
    let aws = Emulator::Ministack.aws().await;
    for shards in [1, 3] {
        let url = fifo_queue(&aws, "batches", VISIBILITY).await;
        let queue = SqsWorkQueue::new(&aws, url).with_shards(shards);
        for document in 0..20 {
            queue.send(&message("orders", &document.to_string(), 0)).await.expect("send");
        }
        let mut out = 0;
        while queue.receive().await.expect("receive").is_some() {
            out += 1;
        }
        assert_eq!(out, shards);
    }
}

#[tokio::test]
async fn the_trace_goes_with_the_message() {
    let aws = Emulator::Ministack.aws().await;
    let url = fifo_queue(&aws, "batches", VISIBILITY).await;
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=3995c3f42cd8ad8;Sampled=1";
    let queue = SqsWorkQueue::new(&aws, url.clone()).with_trace(Some(trace.to_owned()));
    queue.send(&message("orders", "1", 0)).await.expect("send");
    let name = MessageSystemAttributeName::AwsTraceHeader;
    let receive = aws.sqs().receive_message().queue_url(url);
    let receive = receive.message_system_attribute_names(name.clone());
    let received = receive.send().await.expect("receive").messages.expect("messages");
    assert_eq!(received[0].attributes().expect("attributes")[&name], trace);
}

#[tokio::test]
async fn receipts_of_messages_that_are_gone_change_nothing() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let aws = emulator.aws().await;
        let queue = SqsWorkQueue::new(&aws, fifo_queue(&aws, "batches", VISIBILITY).await);
        queue.send(&message("a", "1", 0)).await.expect("send");
        let out = queue.receive().await.expect("receive").expect("a message");
        for _ in 0..2 {
            queue.delete(&out.receipt).await.expect("delete");
        }
        queue.release(&out.receipt, Duration::ZERO).await.expect("release");
        assert_eq!(queue.receive().await.expect("receive"), None, "{emulator:?}");
    }
}

#[tokio::test]
async fn what_is_no_batch_is_told_and_stays() {
    let aws = Emulator::Moto.aws().await;
    let url = fifo_queue(&aws, "batches", Duration::ZERO).await;
    let send = aws
        .sqs()
        .send_message()
        .queue_url(&url)
        .message_group_id("x")
        .message_deduplication_id("x")
        .message_body("{\"secret\":1}");
    send.send().await.expect("send");
    let queue = SqsWorkQueue::new(&aws, url.clone());
    for _ in 0..2 {
        let error = queue.receive().await.expect_err("no batch");
        assert!(matches!(error, PortError::Damaged { .. }), "{error}");
        let mut told = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            told.push_str(&error.to_string());
            cause = error.source();
        }
        assert!(!told.contains("secret"), "{told}");
    }
    let nowhere = SqsWorkQueue::new(&aws, url.replace(".fifo", "-x.fifo"));
    let error = nowhere.receive().await.expect_err("no queue");
    assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
}

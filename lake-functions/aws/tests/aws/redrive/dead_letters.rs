//! Dead letters on SQS.

use crate::harness::{Emulator, fifo_queue};
use sluice_aws::{Aws, SqsDeadLetters, SqsWorkQueue};
use sluice_conformance::{dead_letters, dead_letters_given};
use sluice_normalizer::DocumentId;
use sluice_pipeline::{Batch, BatchMessage, DeadLetters, PortError, WorkQueue};
use std::time::Duration;

const VISIBILITY: Duration = Duration::from_secs(300);
const BOTH: [Emulator; 2] = [Emulator::Moto, Emulator::Ministack];

async fn bury(aws: &Aws, url: &str, messages: &[BatchMessage]) {
    let queue = SqsWorkQueue::new(aws, url.to_owned());
    for message in messages {
        queue.send(message).await.expect("send");
    }
}

pub(super) async fn bury_junk(aws: &Aws, url: &str, group: &str, body: &str) {
    let send = aws.sqs().send_message().queue_url(url).message_group_id(group);
    send.message_deduplication_id(body).message_body(body).send().await.expect("send");
}

fn message(table: &str, number: usize) -> BatchMessage {
    let id = DocumentId::parse(&format!("d{number}")).expect("an id");
    let Batch { id, table, .. } = Batch::new(super::table(table), 1, vec![id]);
    BatchMessage { table, batch: id, send: 0 }
}

#[tokio::test]
async fn both_emulators_conform() {
    for emulator in BOTH {
        let aws = emulator.aws().await;
        let url = fifo_queue(&aws, "dead", VISIBILITY).await;
        bury(&aws, &url, &dead_letters_given()).await;
        dead_letters(&SqsDeadLetters::new(&aws, url)).await;
    }
}

#[tokio::test]
async fn what_is_no_batch_does_not_hide_the_others_and_stays() {
    for emulator in BOTH {
        let aws = emulator.aws().await;
        let url = fifo_queue(&aws, "dead", VISIBILITY).await;
        bury_junk(&aws, &url, "orders", "secret").await;
        bury(&aws, &url, &[message("orders", 1), message("visits", 2)]).await;
        bury_junk(&aws, &url, "visits", r#"{"format":2}"#).await;
        for _ in 0..2 {
            let dead = SqsDeadLetters::new(&aws, url.clone());
            let mut found: Vec<_> =
                dead.list(100).await.expect("list").into_iter().map(|it| it.message).collect();
            found.sort_by_key(|message| message.table.clone());
            assert_eq!(found, [message("orders", 1), message("visits", 2)], "{emulator:?}");
            assert_eq!(dead.unreadable().len(), 2, "{emulator:?}");
            // What is given back is there for the next redrive at once.
            dead.give_back().await.expect("give back");
        }
    }
}

#[tokio::test]
async fn what_is_listed_is_out_and_bounded() {
    for emulator in BOTH {
        let aws = emulator.aws().await;
        let url = fifo_queue(&aws, "dead", VISIBILITY).await;
        let messages: Vec<_> = (0..25).map(|n| message(&format!("t{n}"), n)).collect();
        bury(&aws, &url, &messages).await;
        let dead = SqsDeadLetters::new(&aws, url.clone());
        assert_eq!(dead.list(12).await.expect("list").len(), 12, "{emulator:?}");
        let rest = dead.list(100).await.expect("list");
        assert_eq!(rest.len(), 13, "{emulator:?}");
        let other = SqsDeadLetters::new(&aws, url);
        assert_eq!(other.list(100).await.expect("list"), [], "{emulator:?}");
        dead.delete(&rest[0].receipt).await.expect("delete");
        dead.give_back().await.expect("give back");
        assert_eq!(other.list(100).await.expect("list").len(), 24, "{emulator:?}");
    }
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_told() {
    let aws = Emulator::Moto.aws().await;
    let url = fifo_queue(&aws, "dead", VISIBILITY).await.replace(".fifo", "-x.fifo");
    let error = SqsDeadLetters::new(&aws, url).list(10).await.expect_err("no queue");
    assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
    assert!(error.to_string().starts_with("list dead letters"), "{error}");
}

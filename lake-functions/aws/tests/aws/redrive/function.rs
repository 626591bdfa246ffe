//! The redrive function on dead letters.

use super::dead_letters::bury_junk;
use super::{Platform, table};
use crate::events::bus_and_queue;
use crate::functions::{TIME, event};
use crate::harness::Emulator;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use sluice_aws::SqsWorkQueue;
use sluice_normalizer::DocumentId;
use sluice_pipeline::{Batch, BatchMessage, Ledger, WorkQueue};
use std::error::Error;

const BOTH: [Emulator; 2] = [Emulator::Moto, Emulator::Ministack];

/// Makes the platform's dead-letter queue that of its queue, after one receive.
async fn give_up_after_one_try(platform: &Platform) {
    let sqs = platform.home.aws.sqs();
    let asked = sqs.get_queue_attributes().queue_url(&platform.dead);
    let asked = asked.attribute_names(QueueAttributeName::QueueArn).send().await.expect("look");
    let arn = &asked.attributes().expect("attributes")[&QueueAttributeName::QueueArn];
    let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 1}).to_string();
    let set = sqs.set_queue_attributes().queue_url(&platform.home.queue);
    set.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.expect("set");
}

async fn dispatch(platform: &Platform, id: &str) {
    platform.put(id, 0).await;
    let body = platform.home.announcement(&[id]).to_string();
    let answer = platform.home.dispatcher().handle(event(&[("m", body, json!({}), None)])).await;
    assert!(answer.batch_item_failures.is_empty());
}

/// The batch that the dispatcher makes of a document.
fn batch(id: &str) -> Batch {
    Batch::new(table("orders"), 1, vec![DocumentId::parse(id).expect("an id")])
}

fn message(id: &str, send: u32) -> BatchMessage {
    let Batch { id, table, .. } = batch(id);
    BatchMessage { table, batch: id, send }
}

async fn bury(platform: &Platform, messages: &[BatchMessage]) {
    let dead = SqsWorkQueue::new(&platform.home.aws, platform.dead.clone());
    for message in messages {
        dead.send(message).await.expect("send");
    }
}

/// Messages in the dead-letter queue, whether visible or not.
async fn waiting_dead(platform: &Platform) -> u32 {
    use QueueAttributeName as Name;
    let asked = platform.home.aws.sqs().get_queue_attributes().queue_url(&platform.dead);
    let asked = asked
        .attribute_names(Name::ApproximateNumberOfMessages)
        .attribute_names(Name::ApproximateNumberOfMessagesNotVisible);
    let told = asked.send().await.expect("look").attributes.unwrap_or_default();
    told.values().map(|count| count.parse::<u32>().expect("a number")).sum()
}

fn ids(answer: &Value, list: &str) -> Vec<String> {
    let told = &answer[list];
    let batches = told["batches"].as_array().expect("ids");
    assert_eq!(told["count"], batches.len());
    batches.iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn a_dead_letter_is_sent_again_and_goes_once_its_batch_is_committed() {
    for emulator in BOTH {
        let platform = Platform::new(emulator).await;
        give_up_after_one_try(&platform).await;
        dispatch(&platform, "a-1").await;
        // A normalizer takes the message and dies, and the next one is not given it.
        platform.home.delivery().await.expect("the message");
        let mut looks = 0;
        while waiting_dead(&platform).await == 0 {
            assert_eq!(platform.home.delivery().await, None, "{emulator:?}");
            looks += 1;
            assert!(looks < 30, "{emulator:?} does not give the message up");
        }
        bury_junk(&platform.home.aws, &platform.dead, "orders", "junk").await;
        bury(&platform, &[message("nobody-made-this", 2)]).await;

        let batch_id = batch("a-1").id.to_string();
        let unknown = vec![batch("nobody-made-this").id.to_string()];
        for dry_run in [true, true, false] {
            let answer = platform.ask(json!({"action": "redrive", "dry_run": dry_run})).await;
            assert_eq!(answer["dry_run"], dry_run);
            assert_eq!(ids(&answer, "sent"), [batch_id.as_str()], "{emulator:?}");
            assert_eq!(ids(&answer, "deleted"), [""; 0]);
            assert_eq!(ids(&answer, "unknown"), unknown);
            assert_eq!(answer["unreadable"]["count"], 1);
            assert_eq!(answer["unreadable"]["messages"].as_array().expect("ids").len(), 1);
            assert_eq!(answer["complete"], true);
            assert_eq!(platform.home.waiting().await, !dry_run, "{emulator:?}");
            assert_eq!(waiting_dead(&platform).await, 3, "{emulator:?}: none is deleted");
        }
        let (event, receipt) = platform.home.delivery().await.expect("a message");
        let body = event.records[0].body.as_deref().expect("a body");
        assert_eq!(sluice_aws::parse_message(body).expect("a message"), message("a-1", 1));
        let answer = platform.home.normalizer().handle(event, TIME).await;
        assert!(answer.batch_item_failures.is_empty());
        let delete = platform.home.aws.sqs().delete_message().queue_url(&platform.home.queue);
        delete.receipt_handle(receipt).send().await.expect("delete");

        for (dry_run, left) in [(true, 3), (false, 2), (false, 2)] {
            let before = waiting_dead(&platform).await;
            let answer = platform.ask(json!({"action": "redrive", "dry_run": dry_run})).await;
            assert_eq!(ids(&answer, "sent"), [""; 0]);
            let deleted = if before == 3 { vec![batch_id.clone()] } else { Vec::new() };
            assert_eq!(ids(&answer, "deleted"), deleted, "{emulator:?}");
            assert_eq!(waiting_dead(&platform).await, left, "{emulator:?}");
        }
        assert!(!platform.home.waiting().await);
        assert_eq!(platform.home.rows("orders").await["a-1"], 1);
    }
}

#[tokio::test]
async fn all_dead_letters_of_committed_batches_go_at_once() {
    for emulator in BOTH {
        let platform = Platform::new(emulator).await;
        let ledger = platform.home.ledger();
        // More of one table than a receive brings, and more altogether than a list.
        let names: Vec<String> = (0..130).map(|n| format!("d{n}")).collect();
        for name in &names {
            ledger.create_batch(&batch(name)).await.expect("create");
            ledger.commit(&batch(name).id, &[]).await.expect("commit");
        }
        let letters: Vec<_> = names.iter().map(|name| message(name, 0)).collect();
        bury(&platform, &letters).await;
        let answer = platform.ask(json!({"action": "redrive"})).await;
        assert_eq!(answer["deleted"]["count"], 130, "{emulator:?}");
        let told = answer["deleted"]["batches"].as_array().expect("ids").len();
        assert_eq!(told, 100, "the list is bounded");
        assert_eq!(waiting_dead(&platform).await, 0, "{emulator:?}");
    }
}

#[tokio::test]
async fn a_death_is_told_once() {
    let mut platform = Platform::new(Emulator::Ministack).await;
    let (bus, heard) = bus_and_queue(&platform.home.aws).await;
    platform.bus = Some(bus);
    platform.home.ledger().create_batch(&batch("a")).await.expect("create");
    bury(&platform, &[message("a", 0)]).await;
    for dry_run in [true, false, false] {
        platform.ask(json!({"action": "redrive", "dry_run": dry_run})).await;
    }
    // What was sent dies as well.
    bury(&platform, &[message("a", 1)]).await;
    for _ in 0..2 {
        platform.ask(json!({"action": "redrive"})).await;
    }
    let mut events = Vec::new();
    loop {
        let receive = platform.home.aws.sqs().receive_message().queue_url(&heard);
        let received = receive.max_number_of_messages(10).wait_time_seconds(1).send().await;
        let messages = received.expect("receive").messages.unwrap_or_default();
        if messages.is_empty() {
            break;
        }
        for message in messages {
            let body = message.body.expect("a body");
            let event: Value = serde_json::from_str(&body).expect("JSON");
            events.push((event["detail-type"].clone(), event["detail"]["sends"].clone()));
        }
    }
    events.sort_by_key(|(_, sends)| sends.to_string());
    assert_eq!(events, [(json!("batch.dead"), json!(1)), (json!("batch.dead"), json!(2))]);
}

#[tokio::test]
async fn failures_and_wrong_events_are_told() {
    let platform = Platform::new(Emulator::Moto).await;
    let error = platform.ask_for(json!({"action": "redrive", "dryrun": true}), TIME).await;
    let error = error.expect_err("no request").to_string();
    assert!(error.contains("unknown field `dryrun`, expected one of `action`"), "{error}");
    let error = platform.ask_for(json!({"action": "sweep", "days": 401}), TIME).await;
    let error = error.expect_err("no request").to_string();
    assert_eq!(error, "the event has days 401: they must be 1 to 400, the days that claims live");
    let mut function = platform.function();
    function.dead_letter_queue_url = platform.dead.replace(".fifo", "-x.fifo");
    let failed = function.handle(json!({"action": "redrive"}), TIME).await.expect_err("no queue");
    assert!(failed.source().is_none());
    let failed = failed.to_string();
    assert!(failed.starts_with("redrive failed: list dead letters: not available: "), "{failed}");
}

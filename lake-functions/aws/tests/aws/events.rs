//! Events on EventBridge.

use crate::harness::{Emulator, unique};
use aws_sdk_sqs::types::QueueAttributeName;
use sluice_aws::{Aws, Event, EventBridge};
use sluice_normalizer::{BatchId, TableName};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// A bus whose events of source `sluice` go to a queue; answers their names, the bus's first.
pub(crate) async fn bus_and_queue(aws: &Aws) -> (String, String) {
    use aws_sdk_eventbridge::types::Target;
    let name = unique("bus");
    let (events, queues) = (aws.event_bridge(), aws.sqs());
    events.create_event_bus().name(&name).send().await.expect("create bus");
    let queue = queues.create_queue().queue_name(&name).send().await.expect("create queue");
    let url = queue.queue_url.expect("its URL");
    let attributes = queues
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .expect("attributes");
    let arn = &attributes.attributes().expect("attributes")[&QueueAttributeName::QueueArn];
    let rule = events.put_rule().name(&name).event_bus_name(&name);
    rule.event_pattern("{\"source\":[\"sluice\"]}").send().await.expect("put rule");
    let target = Target::builder().id("queue").arn(arn).build().expect("a target");
    let put = events.put_targets().rule(&name).event_bus_name(&name).targets(target);
    put.send().await.expect("put targets");
    (name, url)
}

fn events() -> Vec<Event> {
    let table = TableName::parse("orders").expect("a table name");
    (0..25)
        .map(|n| {
            let batch = BatchId::from_stored(&format!("{n:032x}")).expect("an id");
            let table = table.clone();
            match n % 3 {
                0 => Event::BatchDead { table, batch, sends: 1 },
                1 => Event::TypeConflict { table, batch, paths: 2 },
                _ => {
                    let rejects = BTreeMap::from([("malformed_json".to_owned(), 3)]);
                    Event::DocumentRejected { table, batch, documents: 1, rejects }
                }
            }
        })
        .collect()
}

#[tokio::test]
async fn more_events_than_a_call_takes_arrive() {
    let aws = Emulator::Ministack.aws().await;
    let (bus, url) = bus_and_queue(&aws).await;
    EventBridge::new(&aws, bus).publish(&events()).await.expect("publish");
    let started = Instant::now();
    let mut arrived = BTreeSet::new();
    while arrived.len() < 25 {
        assert!(started.elapsed() < Duration::from_secs(60), "{} arrived", arrived.len());
        let receive = aws.sqs().receive_message().queue_url(&url);
        let received = receive.max_number_of_messages(10).wait_time_seconds(1).send().await;
        for message in received.expect("receive").messages.unwrap_or_default() {
            let body = message.body.expect("a body");
            let event: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            assert_eq!(event["source"], "sluice");
            assert_eq!(event["detail"]["table"], "orders");
            arrived.insert((
                event["detail-type"].as_str().expect("a type").to_owned(),
                event["detail"]["batch"].as_str().expect("a batch").to_owned(),
            ));
        }
    }
    assert_eq!(arrived.iter().filter(|(kind, _)| kind == "document.rejected").count(), 8);
}

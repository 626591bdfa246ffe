//! The sweep: what nobody announced becomes rows, once (I-1, I-2).

use super::fixture::{SCHEMA, days_ago_ms, line};
use super::{Platform, SHORT, table};
use crate::functions::{TIME, event};
use crate::harness::Emulator;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use sluice_normalizer::DocumentId;
use sluice_pipeline::{Batch, BatchMessage, Ledger, OpenBatch, OpenBatches};
use std::collections::BTreeMap;
use std::time::Duration;

const BOTH: [Emulator; 2] = [Emulator::Moto, Emulator::Ministack];

fn count(documents: &Value, name: &str) -> u64 {
    documents[name].as_u64().expect("a count")
}

fn batch(ids: &[&str]) -> Batch {
    let ids = ids.iter().map(|id| DocumentId::parse(id).expect("an id"));
    Batch::new(table("orders"), 1, ids.collect())
}

async fn announce(platform: &Platform, ids: &[&str]) {
    let body = platform.home.announcement(ids).to_string();
    let answer = platform.home.dispatcher().handle(event(&[("m", body, json!({}), None)])).await;
    assert!(answer.batch_item_failures.is_empty());
}

#[tokio::test]
async fn a_lost_announcement_becomes_rows_exactly_once() {
    for emulator in BOTH {
        let platform = Platform::new(emulator).await;
        let ids = ["told-1", "lost-1", "lost-2", "told-2"];
        for id in ids {
            platform.put(id, 1).await;
        }
        announce(&platform, &["told-1", "told-2"]).await;
        platform.normalize().await;
        let lists = &platform.inventories;
        let texts = [lists.lines(&ids[..2], 1), lists.lines(&ids[1..], 1)];
        let manifest = lists.publish(days_ago_ms(0), SCHEMA, &texts).await;

        let answer = platform.ask(json!({"action": "sweep"})).await;
        let documents = &answer["documents"];
        assert_eq!(documents["inventory"], manifest, "{emulator:?}");
        assert_eq!((count(documents, "looked_at"), count(documents, "swept")), (5, 2));
        assert_eq!(documents["batches"]["count"], 1, "{emulator:?}");
        assert_eq!(answer["open_batches"], json!({"count": 0, "batches": [], "complete": true}));
        assert_eq!((&documents["complete"], &answer["days"]), (&json!(true), &json!(7)));
        // Late, and in other company.
        announce(&platform, &["lost-2", "told-1"]).await;
        platform.normalize().await;
        announce(&platform, &["lost-1"]).await;
        platform.normalize().await;
        let expected: BTreeMap<String, u64> = ids.map(|id| (id.to_owned(), 1)).into();
        assert_eq!(platform.home.rows("orders").await, expected, "{emulator:?}");
        assert!(platform.home.rows("sluice_rejects").await.is_empty());

        // The next inventory brings nothing new.
        lists.publish(days_ago_ms(0) + 60_000, SCHEMA, &texts).await;
        let answer = platform.ask(json!({"action": "sweep"})).await;
        assert_eq!(count(&answer["documents"], "looked_at"), 5, "{emulator:?}");
        assert_eq!(count(&answer["documents"], "unclaimed"), 0, "{emulator:?}");
        assert_eq!(platform.sent().await, []);
    }
}

#[tokio::test]
async fn only_documents_of_the_window_are_looked_at() {
    let platform = Platform::new(Emulator::Moto).await;
    for (id, received_days_ago) in
        [("young", 0), ("in", 1), ("edge", 6), ("out", 8), ("ancient", 401), ("year", 399)]
    {
        platform.put(id, received_days_ago).await;
    }
    let lists = &platform.inventories;
    let text = [
        lists.lines(&["young"], 0),
        lists.lines(&["in", "gone"], 1),
        lists.lines(&["edge"], 6),
        lists.lines(&["out"], 8),
        // Copied onto themselves lately; of the first a claim may have been forgotten.
        lists.lines(&["ancient", "year"], 2),
        line(&lists.source, "other/folder", days_ago_ms(1)),
        line(&lists.source, "id%3Dno%20id", days_ago_ms(1)),
        line(&lists.source, "id%3Dgone%20too", days_ago_ms(1)),
    ];
    let put = platform.home.aws.s3().put_object().bucket(&platform.home.ingress).key("id=no id");
    put.send().await.expect("put");
    lists.publish(days_ago_ms(0), SCHEMA, &[text.concat()]).await;
    let answer = platform.ask(json!({"action": "sweep"})).await;
    let documents = &answer["documents"];
    let counts = ["looked_at", "unclaimed", "gone", "too_old", "renamed", "swept"];
    assert_eq!(counts.map(|name| count(documents, name)), [5, 5, 2, 1, 1, 3]);
    assert_eq!(platform.sent().await.len(), 3, "one a receive date");

    // Further back, the same inventory is swept again.
    let answer = platform.ask(json!({"action": "sweep", "days": 30})).await;
    assert_eq!(count(&answer["documents"], "looked_at"), 6);
    let answer = platform.ask(json!({"action": "sweep", "days": 9})).await;
    assert_eq!(count(&answer["documents"], "looked_at"), 0, "that is done");
}

#[tokio::test]
async fn a_sweep_goes_on_where_the_time_ended() {
    for emulator in BOTH {
        let platform = Platform::new(emulator).await;
        let ids: Vec<String> = (0..6).map(|n| format!("d{n}")).collect();
        for id in &ids {
            platform.put(id, 1).await;
        }
        let of = |at: usize| platform.inventories.lines(&[ids[at].as_str()], 1);
        // The second file is longer than a page.
        let long =
            [of(1), platform.inventories.lines(&["gone"], 20).repeat(12_000), of(2)].concat();
        let texts = [of(0), long, of(3), of(4) + &of(5)];
        platform.inventories.publish(days_ago_ms(0), SCHEMA, &texts).await;
        // A dry run keeps nothing, and begins anew each time.
        for _ in 0..2 {
            let dry = json!({"action": "sweep", "dry_run": true});
            let answer = platform.ask_for(dry, SHORT).await.expect("an answer");
            assert_eq!(count(&answer["documents"], "swept"), 1);
        }
        let (mut calls, mut swept) = (0, 0);
        loop {
            let answer = platform.ask_for(json!({"action": "sweep"}), SHORT).await;
            let answer = answer.expect("an answer");
            calls += 1;
            assert!(calls < 20, "{emulator:?}: {answer}");
            swept += count(&answer["documents"], "swept");
            if answer["documents"]["complete"] == true {
                break;
            }
        }
        assert_eq!(swept, 6, "{emulator:?}");
        // A page each, and a last call that finds nothing left.
        assert!((6..=8).contains(&calls), "{emulator:?}: {calls}");
        let answer = platform.ask(json!({"action": "sweep"})).await;
        assert_eq!(count(&answer["documents"], "looked_at"), 0, "{emulator:?}");
        assert_eq!(answer["documents"]["complete"], true);
        platform.normalize().await;
        let expected: BTreeMap<String, u64> = ids.into_iter().map(|id| (id, 1)).collect();
        assert_eq!(platform.home.rows("orders").await, expected, "{emulator:?}");
    }
}

#[tokio::test]
async fn sweeps_that_are_killed_lose_nothing() {
    let platform = Platform::new(Emulator::Ministack).await;
    let ids: Vec<String> = (0..12).map(|n| format!("d{n}")).collect();
    for id in &ids {
        platform.put(id, 1).await;
    }
    let file = |ids: &[String]| {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        platform.inventories.lines(&ids, 1)
    };
    let texts: Vec<String> = ids.chunks(3).map(file).collect();
    platform.inventories.publish(days_ago_ms(0), SCHEMA, &texts).await;
    let (mut round, mut killed) = (0, 0);
    loop {
        round += 1;
        assert!(round < 1_000, "the sweep does not end");
        let sweep = platform.ask_for(json!({"action": "sweep"}), SHORT);
        // Each lives a little longer, so that on any machine they end at many points.
        let life = Duration::from_millis(2 * round);
        match tokio::time::timeout(life, sweep).await {
            Ok(answer) if answer.as_ref().expect("swept")["documents"]["complete"] == true => break,
            Ok(_) => {}
            Err(_) => killed += 1,
        }
    }
    assert!(killed > 2, "{killed} of {round} were killed");
    platform.normalize().await;
    let expected: BTreeMap<String, u64> = ids.into_iter().map(|id| (id, 1)).collect();
    assert_eq!(platform.home.rows("orders").await, expected);
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    for emulator in BOTH {
        let platform = Platform::new(emulator).await;
        platform.put("lost", 1).await;
        let lists = &platform.inventories;
        lists.publish(days_ago_ms(0), SCHEMA, &[lists.lines(&["lost"], 1)]).await;
        let old = make_old(&platform, &["forgotten"]).await;
        for _ in 0..2 {
            let answer = platform.ask(json!({"action": "sweep", "dry_run": true})).await;
            let id = batch(&["lost"]).id;
            let told = json!({"count": 1, "batches": [id.as_str()]});
            assert_eq!(answer["documents"]["batches"], told, "{emulator:?}");
            assert_eq!(answer["open_batches"]["batches"], json!([old.batch.as_str()]));
            assert_eq!(answer["dry_run"], true);
        }
        let ledger = platform.home.ledger();
        assert_eq!(ledger.sweep_cursor().await.expect("look"), None);
        let open = ledger.open_batches(i64::MAX, None).await.expect("look").batches;
        let old = OpenBatch { table: old.table, generation: 1, id: old.batch };
        assert_eq!(open, [old], "{emulator:?}");
        assert_eq!(platform.sent().await, []);
    }
}

/// A batch that was made hours ago; answers the message that sends it again.
async fn make_old(platform: &Platform, ids: &[&str]) -> BatchMessage {
    let Batch { id, table, .. } = batch(ids);
    platform.home.ledger().create_batch(&batch(ids)).await.expect("create");
    let update = platform.home.aws.dynamodb().update_item().table_name(&platform.home.ledger);
    let old = AttributeValue::N((days_ago_ms(0) - 2 * 3_600_000).to_string());
    update
        .key("pk", AttributeValue::S(format!("batch#{id}")))
        .key("sk", AttributeValue::S("batch".to_owned()))
        .update_expression("SET created_at_ms = :old")
        .expression_attribute_values(":old", old)
        .send()
        .await
        .expect("update");
    BatchMessage { table, batch: id, send: 1 }
}

#[tokio::test]
async fn batches_that_are_open_for_long_are_sent_again() {
    for emulator in BOTH {
        let platform = Platform::new(emulator).await;
        let old = make_old(&platform, &["a"]).await;
        platform.home.ledger().create_batch(&batch(&["b"])).await.expect("create");
        let answer = platform.ask(json!({"action": "sweep"})).await;
        let told = json!({"count": 1, "batches": [old.batch.as_str()], "complete": true});
        assert_eq!(answer["open_batches"], told, "{emulator:?}");
        // No inventory yet is no failure: the first one takes S3 two days.
        assert_eq!(answer["documents"]["inventory"], Value::Null);
        assert_eq!(platform.sent().await, [old], "{emulator:?}");
    }
}

#[tokio::test]
async fn a_broken_inventory_is_told_and_keeps_no_batch_waiting() {
    let platform = Platform::new(Emulator::Moto).await;
    let old = make_old(&platform, &["a"]).await;
    platform.put("lost", 1).await;
    let lists = &platform.inventories;
    let begun = days_ago_ms(0);
    lists.publish(begun, SCHEMA, &[lists.lines(&["lost"], 1), "x\n".to_owned()]).await;
    let failed = platform.ask_for(json!({"action": "sweep"}), TIME).await.expect_err("broken");
    let expected = format!(
        "sweep failed: object {} in bucket {} is not as S3 documents an inventory: line 1 does not \
         have the 5 fields of the fileSchema",
        lists.file_key(begun, 1),
        lists.bucket
    );
    assert_eq!(failed.to_string(), expected);
    assert_eq!(platform.sent().await, [old]);
}

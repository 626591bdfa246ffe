//! What may be larger than an item.

use super::{batch, ledger, plan, uuid};
use crate::harness::Emulator;
use aws_sdk_dynamodb::types::AttributeValue;
use sluice_normalizer::limits::DOCUMENT_ID_CHARS_MAX;
use sluice_normalizer::{Kind, NewColumn, TableReport};
use sluice_pipeline::limits::BATCH_DOCUMENTS_MAX;
use sluice_pipeline::{ContentHash, Created, Ledger, Plan, Trial};
use std::collections::HashMap;

/// Ids that do not pack well and are as long as an id may be.
fn longest_ids() -> Vec<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
    let longest = |number: usize| {
        let blocks =
            (0..4).map(|block| ContentHash::sha256(format!("{number} {block}").as_bytes()));
        let bytes: Vec<u8> = blocks.flat_map(|hash| *hash.as_bytes()).collect();
        bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect::<String>()
    };
    let ids: Vec<String> = (0..BATCH_DOCUMENTS_MAX).map(longest).collect();
    assert!(ids.iter().all(|id| id.len() == DOCUMENT_ID_CHARS_MAX));
    ids
}

/// Items by kind of sort key, and the largest's bytes of value.
async fn items(table: &str, batch: &str) -> (HashMap<String, usize>, usize) {
    let client = Emulator::Moto.aws().await.dynamodb();
    let mut pages = client
        .query()
        .table_name(table)
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(format!("batch#{batch}")))
        .into_paginator()
        .items()
        .send();
    let (mut kinds, mut largest) = (HashMap::new(), 0);
    while let Some(item) = pages.try_next().await.expect("query") {
        let sort = item["sk"].as_s().expect("a string");
        let kind = sort.split('#').next().unwrap_or_default().to_owned();
        *kinds.entry(kind).or_insert(0) += 1;
        if let Some(AttributeValue::B(bytes)) = item.get("bytes") {
            largest = largest.max(bytes.as_ref().len());
        }
    }
    (kinds, largest)
}

#[tokio::test]
async fn the_largest_batch_is_kept_in_pieces() {
    let (ledger, table) = ledger(Emulator::Moto).await;
    let batch = batch(&longest_ids());
    assert_eq!(ledger.create_batch(&batch).await.expect("create"), Created::New);
    assert_eq!(ledger.create_batch(&batch).await.expect("create"), Created::Exists);
    let found = ledger.batch(&batch.id).await.expect("batch").expect("it was made");
    assert_eq!(found.batch, batch);
    let (kinds, largest) = items(&table, batch.id.as_str()).await;
    assert_eq!((kinds["batch"], kinds["members"]), (1, 2), "{kinds:?}");
    assert!(largest <= 350_000, "{largest}");
}

#[tokio::test]
async fn a_full_batch_of_uuids_is_one_item_beside_the_small_one() {
    let (ledger, table) = ledger(Emulator::Moto).await;
    let ids: Vec<String> = (0..5_000).map(uuid).collect();
    let batch = batch(&ids);
    ledger.create_batch(&batch).await.expect("create");
    assert_eq!(ledger.batch(&batch.id).await.expect("batch").expect("there").batch, batch);
    let (kinds, largest) = items(&table, batch.id.as_str()).await;
    assert_eq!((kinds["batch"], kinds["members"]), (1, 1), "{kinds:?}");
    // 16 bytes each would be 80,000.
    assert!(largest < 110_000, "{largest}");
}

fn big_plan(ids: &[String], version: u64) -> Plan {
    let mut plan = plan(&batch(ids));
    plan.version = version;
    plan.isolated = plan.documents.clone();
    let column = |number: usize| {
        let text = ContentHash::sha256(format!("{number} {version}").as_bytes()).to_string();
        let kind = Kind::from_word("bigint").expect("a kind");
        NewColumn { name: text.clone(), path: format!("/{}", text.repeat(8)), kind }
    };
    let new_columns: Vec<NewColumn> = (0..2_000).map(column).collect();
    plan.report.tables =
        vec![TableReport { name: "orders".to_owned(), rows: 5_000, columns: 2_000, new_columns }];
    plan
}

#[tokio::test]
async fn one_of_two_large_plans_holds() {
    let (ledger, table) = ledger(Emulator::Moto).await;
    let ids = longest_ids();
    let batch = batch(&ids);
    ledger.create_batch(&batch).await.expect("create");
    let plans = [big_plan(&ids, 1), big_plan(&ids, 2), big_plan(&ids, 1)];
    let created: Vec<_> = plans
        .iter()
        .cloned()
        .map(|plan| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.create_plan(&plan).await.expect("create") })
        })
        .collect();
    let mut winners = Vec::new();
    for (plan, created) in plans.iter().zip(created) {
        if created.await.expect("the task ends") == Created::New {
            winners.push(plan);
        }
    }
    assert_eq!(winners.len(), 1);
    let kept = ledger.plan(&batch.id).await.expect("plan").expect("there is one");
    assert_eq!(&kept, winners[0]);
    let (kinds, largest) = items(&table, batch.id.as_str()).await;
    // The loser's pieces do no harm; they expire.
    assert!(kinds["plan"] > 2, "{kinds:?}");
    assert!(largest <= 350_000, "{largest}");
}

#[tokio::test]
async fn a_trial_of_many_isolated_documents_is_overwritten() {
    let (ledger, _) = ledger(Emulator::Moto).await;
    let ids = longest_ids();
    let batch = batch(&ids);
    for tried in [1, 4_000, 5_000, 3] {
        let isolated = ids.iter().take(tried).cloned().collect();
        let trial = Trial { build: "1".to_owned(), tried: tried as u32, begun: 1, isolated };
        ledger.keep_trial(&batch.id, &trial).await.expect("keep");
        assert_eq!(ledger.trial(&batch.id).await.expect("trial"), Some(trial));
    }
}

//! What API Gateway answers from, with no code: the attributes of a document's item.

use super::{id, ledger, plan, table};
use crate::harness::Emulator;
use aws_sdk_dynamodb::types::AttributeValue;
use sluice_aws::DynamoLedger;
use sluice_normalizer::{DocumentOutcome, Encoding, Form, RejectReason};
use sluice_pipeline::{Batch, DocumentHead, Ledger};
use std::collections::{BTreeMap, HashMap};

/// The answer of the query that API Gateway makes, without what tells the time.
async fn answer(ledger_table: &str, id: &str) -> Option<BTreeMap<String, String>> {
    let client = Emulator::Moto.aws().await.dynamodb();
    let found = client
        .query()
        .table_name(ledger_table)
        .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
        .expression_attribute_values(":pk", AttributeValue::S(format!("document#{id}")))
        .expression_attribute_values(":sk", AttributeValue::S("orders#".to_owned()))
        .limit(1)
        .send()
        .await
        .expect("query");
    let mut item: HashMap<String, AttributeValue> = found.items?.pop()?;
    for key in ["pk", "sk", "expires_at"] {
        item.remove(key).expect(key);
    }
    for time in ["batched_at", "committed_at"] {
        if let Some(AttributeValue::S(text)) = item.get_mut(time) {
            assert!(text.len() == 24 && text.ends_with('Z'), "{text}");
            text.clear();
        }
    }
    let flat = |value: AttributeValue| match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text,
        other => panic!("{other:?} is not flat"),
    };
    Some(item.into_iter().map(|(name, value)| (name, flat(value))).collect())
}

async fn normalized(ledger: &DynamoLedger, batch: &Batch, outcome: &DocumentOutcome) {
    let plan = plan(batch);
    ledger.create_plan(&plan).await.expect("plan");
    ledger.record(&plan, std::slice::from_ref(outcome)).await.expect("record");
    ledger.commit(&batch.id, &[]).await.expect("commit");
}

fn attributes<const N: usize>(expected: [(&str, &str); N]) -> BTreeMap<String, String> {
    expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[tokio::test]
async fn the_item_says_what_the_contract_says() {
    let (ledger, name) = ledger(Emulator::Moto).await;
    let batch = Batch::new(table("orders"), 1, vec![id("A.b-1")]);
    assert_eq!(answer(&name, "A.b-1").await, None);
    ledger.create_batch(&batch).await.expect("create");
    let head = DocumentHead {
        id: id("A.b-1"),
        table: table("orders"),
        received_at_ms: 1_769_876_258_250,
        principal: Some("grün".to_owned()),
        form: Form::Json,
        encoding: Encoding::Identity,
        bytes: 17,
        fault: None,
    };
    ledger.claim(&batch, &[head]).await.expect("claim");
    let batched = [
        ("batch", batch.id.as_str()),
        ("batched_at", ""),
        ("bytes", "17"),
        ("generation", "1"),
        ("id", "A.b-1"),
        ("principal", "grün"),
        ("received_at", "2026-01-31T16:17:38.250Z"),
        ("state", "batched"),
        ("table", "orders"),
    ];
    assert_eq!(answer(&name, "A.b-1").await, Some(attributes(batched)));

    let reason = RejectReason {
        record: Some(1),
        code: "malformed_json".to_owned(),
        message: "expected value at \"byte\" 7".to_owned(),
        pointer: None,
    };
    let outcome = DocumentOutcome { rows: 1, rejects: 1, reasons: vec![reason] };
    normalized(&ledger, &batch, &outcome).await;
    let reasons = r#"[{"row":1,"code":"malformed_json","message":"expected value at \"byte\" 7","pointer":null}]"#;
    let done = attributes([
        ("batch", batch.id.as_str()),
        ("batched_at", ""),
        ("bytes", "17"),
        ("committed_at", ""),
        ("generation", "1"),
        ("id", "A.b-1"),
        ("principal", "grün"),
        ("reasons", reasons),
        ("received_at", "2026-01-31T16:17:38.250Z"),
        ("rejects", "1"),
        ("rows", "1"),
        ("state", "partly_rejected"),
        ("table", "orders"),
    ]);
    assert_eq!(answer(&name, "A.b-1").await, Some(done.clone()));

    // A rebuild's claim stands behind the first: the state does not go back.
    let rebuilt = Batch::new(table("orders"), 12, vec![id("A.b-1")]);
    ledger.create_batch(&rebuilt).await.expect("create");
    ledger.claim(&rebuilt, &[]).await.expect("claim");
    assert_eq!(answer(&name, "A.b-1").await, Some(done));
}

#[tokio::test]
async fn states_are_spelled_as_in_the_contract() {
    let (ledger, name) = ledger(Emulator::Moto).await;
    for (at, (rows, rejects, state)) in
        [(2, 0, "normalized"), (0, 2, "rejected"), (2, 2, "partly_rejected"), (0, 0, "normalized")]
            .into_iter()
            .enumerate()
    {
        let document = at.to_string();
        let batch = Batch::new(table("orders"), 1, vec![id(&document)]);
        ledger.create_batch(&batch).await.expect("create");
        ledger.claim(&batch, &[]).await.expect("claim");
        let outcome = DocumentOutcome { rows, rejects, reasons: Vec::new() };
        normalized(&ledger, &batch, &outcome).await;
        assert_eq!(answer(&name, &document).await.expect("there")["state"], state);
    }
}

#[tokio::test]
async fn hostile_reasons_fit() {
    let (ledger, name) = ledger(Emulator::Moto).await;
    let batch = Batch::new(table("orders"), 1, vec![id("1")]);
    ledger.create_batch(&batch).await.expect("create");
    ledger.claim(&batch, &[]).await.expect("claim");
    let reason = RejectReason {
        record: None,
        code: "schema".to_owned(),
        message: "\u{1}".repeat(2_000_000),
        pointer: Some("/\u{1}".repeat(2_000_000)),
    };
    let outcome = DocumentOutcome { rows: 0, rejects: 9, reasons: vec![reason; 10] };
    normalized(&ledger, &batch, &outcome).await;
    assert!(answer(&name, "1").await.expect("there")["reasons"].len() < 130_000);
    let found = ledger.document(&batch.table, 1, &id("1")).await.expect("document");
    let kept = found.expect("claimed").outcome.expect("committed");
    assert_eq!((kept.rejects, kept.reasons.len()), (9, 10));
}

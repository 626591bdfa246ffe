//! Claims: each document belongs to one batch, whoever asks at the same time (I-2).

use super::{batch, ledger, plan, uuid};
use crate::harness::Emulator;
use sluice_normalizer::DocumentOutcome;
use sluice_pipeline::{Batch, Created, Ledger};
use std::collections::HashMap;

#[tokio::test]
async fn overlapping_batches_share_no_document() {
    let (ledger, _) = ledger(Emulator::Moto).await;
    let ids: Vec<String> = (0..40).map(uuid).collect();
    // Eight batches, each with most of the documents, in different order.
    let batches: Vec<Batch> = (0..8)
        .map(|start| {
            let mut members: Vec<String> = ids.clone();
            members.rotate_left(start * 5);
            members.truncate(30);
            batch(&members)
        })
        .collect();
    for batch in &batches {
        assert_eq!(ledger.create_batch(batch).await.expect("create"), Created::New);
    }
    // Each asked for twice, all at once.
    let claims: Vec<_> = batches
        .iter()
        .chain(&batches)
        .cloned()
        .map(|batch| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                let ours = ledger.claim(&batch, &[]).await.expect("claim");
                (batch, ours)
            })
        })
        .collect();
    let mut holders: HashMap<String, String> = HashMap::new();
    for claim in claims {
        let (batch, ours) = claim.await.expect("the task ends");
        for (document, ours) in batch.documents.iter().zip(ours) {
            let holder = holders.entry(document.to_string());
            if ours {
                let holder = holder.or_insert_with(|| batch.id.to_string());
                assert_eq!(*holder, batch.id.to_string(), "{document} is held by two batches");
            }
        }
    }
    assert_eq!(holders.len(), ids.len(), "every document is held");
    // Asked again, the answers are the same.
    for batch in &batches {
        let ours = ledger.claim(batch, &[]).await.expect("claim");
        for (document, ours) in batch.documents.iter().zip(ours) {
            assert_eq!(ours, holders[document.as_str()] == batch.id.to_string());
        }
    }
}

#[tokio::test]
async fn a_full_batch_is_claimed_in_the_order_of_its_members() {
    let (ledger, _) = ledger(Emulator::Moto).await;
    let ids: Vec<String> = (0..5_000).map(uuid).collect();
    let some: Vec<String> = ids.iter().step_by(97).cloned().collect();
    let (first, full) = (batch(&some), batch(&ids));
    for batch in [&first, &full] {
        ledger.create_batch(batch).await.expect("create");
    }
    assert!(ledger.claim(&first, &[]).await.expect("claim").iter().all(|ours| *ours));
    let ours = ledger.claim(&full, &[]).await.expect("claim");
    let expected: Vec<bool> = (0..5_000).map(|at| at % 97 != 0).collect();
    assert_eq!(ours, expected);
}

#[tokio::test]
async fn a_late_claim_takes_no_outcome_back() {
    let (ledger, _) = ledger(Emulator::Moto).await;
    let batch = batch(&[uuid(1)]);
    ledger.create_batch(&batch).await.expect("create");
    ledger.claim(&batch, &[]).await.expect("claim");
    let plan = plan(&batch);
    ledger.create_plan(&plan).await.expect("plan");
    let outcome = DocumentOutcome { rows: 3, ..DocumentOutcome::default() };
    ledger.record(&plan, std::slice::from_ref(&outcome)).await.expect("record");
    ledger.commit(&batch.id, &[]).await.expect("commit");
    // A worker that slept through all of it.
    assert_eq!(ledger.claim(&batch, &[]).await.expect("claim"), [true]);
    let found = ledger.document(&batch.table, 1, &batch.documents[0]).await.expect("document");
    assert_eq!(found.expect("it is claimed").outcome, Some(outcome));
}

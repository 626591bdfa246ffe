//! What redrive and sweep ask.

use super::{batch, ledger, uuid};
use crate::harness::Emulator;
use sluice_pipeline::Ledger;

#[tokio::test]
async fn batches_that_are_not_committed_are_found() {
    let (ledger, _) = ledger(Emulator::Moto).await;
    let batches: Vec<_> = (0..3).map(|number| batch(&[uuid(number)])).collect();
    for batch in &batches {
        ledger.create_batch(batch).await.expect("create");
    }
    let far = i64::MAX / 4;
    let listed = ledger.open_batches(far, 10).await.expect("list");
    assert_eq!(listed.len(), 3);
    assert!(listed.is_sorted_by_key(|open| open.created_at_ms));
    assert_eq!(ledger.open_batches(far, 2).await.expect("list").len(), 2);
    let newest = listed.iter().map(|open| open.created_at_ms).max().expect("three");
    assert!(ledger.open_batches(newest - 60_000, 10).await.expect("list").is_empty());

    ledger.commit(&batches[1].id, &[]).await.expect("commit");
    let listed = ledger.open_batches(far, 10).await.expect("list");
    let mut ids: Vec<_> = listed.iter().map(|open| open.id.clone()).collect();
    let mut expected = vec![batches[0].id.clone(), batches[2].id.clone()];
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    assert!(listed.iter().all(|open| open.table == batches[0].table));
}

#[tokio::test]
async fn every_send_has_a_number_of_its_own() {
    let (ledger, _) = ledger(Emulator::Moto).await;
    let known = batch(&[uuid(1)]);
    ledger.create_batch(&known).await.expect("create");
    for number in 1..4 {
        assert_eq!(ledger.next_send(&known.id).await.expect("count"), number);
    }
    assert!(ledger.next_send(&batch(&[uuid(2)]).id).await.is_err(), "a batch nobody made");
}

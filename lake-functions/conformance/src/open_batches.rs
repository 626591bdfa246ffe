//! The contract of [`OpenBatches`].

use crate::given::batch;
use sluice_normalizer::BatchId;
use sluice_pipeline::{Ledger, OpenBatch, OpenBatches};
use std::collections::BTreeSet;

/// Checks an empty ledger.
///
/// # Panics
/// Where it breaks the port's contract.
pub async fn open_batches(ledger: &impl Ledger, open: &impl OpenBatches) {
    let all = async |made_before_ms| {
        let mut found = BTreeSet::new();
        let mut from: Option<String> = None;
        loop {
            let page = open.open_batches(made_before_ms, from.as_deref()).await.expect("a page");
            for OpenBatch { table, generation, id } in page.batches {
                assert_eq!((table.as_str(), generation), ("orders", 1));
                assert!(found.insert(id), "each is listed once");
            }
            from = page.next;
            if from.is_none() {
                return found;
            }
        }
    };
    assert_eq!(all(i64::MAX).await, BTreeSet::new());
    let batches = ["1", "2", "3"].map(|document| batch("orders", &[document]));
    for batch in &batches {
        ledger.create_batch(batch).await.expect("create");
    }
    let ids = |from: usize| batches[from..].iter().map(|batch| batch.id.clone());
    assert_eq!(all(i64::MAX).await, ids(0).collect::<BTreeSet<BatchId>>());
    assert_eq!(all(0).await, BTreeSet::new(), "none was made in 1969");
    ledger.commit(&batches[0].id, &[]).await.expect("commit");
    assert_eq!(all(i64::MAX).await, ids(1).collect::<BTreeSet<BatchId>>());
}

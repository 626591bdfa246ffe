//! The contract of [`Lanes`].

use crate::given::batch;
use sluice_pipeline::{BatchMessage, Lanes};
use std::time::Duration;

/// Checks an empty queue.
///
/// # Panics
/// Where it breaks the port's contract.
pub async fn lanes(queue: &impl Lanes) {
    let message = |document: &str| {
        let batch = batch("lanes", &[document]);
        BatchMessage { table: batch.table, batch: batch.id, send: 0 }
    };
    let (second, third) = (queue.beside(2), queue.beside(3));
    let (old, older, other, live) = (message("1"), message("2"), message("3"), message("4"));
    second.send(&old).await.expect("send");
    second.send(&older).await.expect("send");
    third.send(&other).await.expect("send");
    queue.send(&live).await.expect("send");
    // The first of each lane is out: lanes do not wait for each other, and each is in order.
    let mut out = Vec::new();
    while let Some(delivery) = queue.receive().await.expect("receive") {
        out.push(delivery);
    }
    let mut handed: Vec<_> = out.iter().map(|delivery| &delivery.message.batch).collect();
    let mut expected = vec![&old.batch, &other.batch, &live.batch];
    handed.sort();
    expected.sort();
    assert_eq!(handed, expected);
    // Whoever receives need not know the lane.
    for delivery in out {
        if delivery.message == old {
            queue.release(&delivery.receipt, Duration::ZERO).await.expect("release");
        } else {
            queue.delete(&delivery.receipt).await.expect("delete");
        }
    }
    for expected in [&old, &older] {
        let delivery = queue.receive().await.expect("receive").expect("a message is due");
        assert_eq!(delivery.message, *expected);
        queue.delete(&delivery.receipt).await.expect("delete");
    }
    assert_eq!(queue.receive().await.expect("receive"), None);
}

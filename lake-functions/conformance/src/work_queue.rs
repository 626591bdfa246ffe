//! The contract of [`WorkQueue`].

use crate::given::batch;
use sluice_pipeline::{BatchMessage, Delivery, WorkQueue};
use std::time::Duration;

fn message(table: &str, document: &str) -> BatchMessage {
    let batch = batch(table, &[document]);
    BatchMessage { table: batch.table, batch: batch.id, send: 0 }
}

async fn take(queue: &impl WorkQueue) -> Delivery {
    queue.receive().await.expect("receive").expect("a message is due")
}

/// Checks an empty queue.
///
/// # Panics
/// Where the queue breaks the port's contract.
pub async fn work_queue(queue: &impl WorkQueue) {
    assert_eq!(queue.receive().await.expect("receive"), None);

    let (a1, a2, b1) = (message("a", "1"), message("a", "2"), message("b", "1"));
    for message in [&a1, &a2, &b1] {
        queue.send(message).await.expect("send");
    }
    // One message of a table at a time, tables beside one another.
    let (first, second) = (take(queue).await, take(queue).await);
    let mut out = [&first, &second];
    out.sort_by(|x, y| x.message.table.cmp(&y.message.table));
    assert_eq!([&out[0].message, &out[1].message], [&a1, &b1]);
    assert_eq!([out[0].receives, out[1].receives], [1, 1]);
    let (out_a, out_b) = (out[0].clone(), out[1].clone());
    assert_eq!(queue.receive().await.expect("receive"), None);

    // What is given back comes again, ahead of those behind it.
    queue.release(&out_a.receipt, Duration::ZERO).await.expect("release");
    let again = take(queue).await;
    assert_eq!((&again.message, again.receives), (&a1, 2));

    // A receipt of an earlier delivery changes nothing.
    queue.delete(&out_a.receipt).await.expect("delete");
    assert_eq!(queue.receive().await.expect("receive"), None, "a1 is still out");
    queue.release(&again.receipt, Duration::from_secs(3_600)).await.expect("release");
    assert_eq!(queue.receive().await.expect("receive"), None, "a2 waits behind a1");

    queue.delete(&out_b.receipt).await.expect("delete");
    assert_eq!(queue.receive().await.expect("receive"), None);

    // A redrive is a message of its own.
    let redriven = BatchMessage { send: 1, ..b1.clone() };
    queue.send(&redriven).await.expect("send");
    let out = take(queue).await;
    assert_eq!(out.message, redriven);
    queue.delete(&out.receipt).await.expect("delete");
    assert_eq!(queue.receive().await.expect("receive"), None);
}

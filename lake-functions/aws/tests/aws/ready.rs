//! The harness itself.

use crate::harness::{Emulator, bucket, fifo_queue};
use std::time::Duration;

async fn buckets_and_queues(emulator: Emulator) {
    let aws = emulator.aws().await;
    assert_ne!(bucket(&aws, "a").await, bucket(&aws, "a").await);
    assert!(fifo_queue(&aws, "q", Duration::from_secs(30)).await.ends_with(".fifo"));
}

#[tokio::test]
async fn moto_has_buckets_and_queues() {
    buckets_and_queues(Emulator::Moto).await;
}

#[tokio::test]
async fn ministack_has_buckets_and_queues() {
    buckets_and_queues(Emulator::Ministack).await;
}

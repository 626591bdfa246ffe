//! What tests on emulators need: a server, and buckets and queues of their own in it.

mod canned;
mod emulator;

pub(crate) use canned::{Answer, Canned};
pub(crate) use emulator::Emulator;

use aws_sdk_sqs::types::QueueAttributeName;
use sluice_aws::Aws;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A name that no other test has: `kind-<process>-<number>`.
pub(crate) fn unique(kind: &str) -> String {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    format!("{kind}-{}-{number}", std::process::id())
}

/// An empty bucket; answers its name.
pub(crate) async fn bucket(aws: &Aws, kind: &str) -> String {
    use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
    let name = unique(kind);
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuCentral1)
        .build();
    let create = aws.s3().create_bucket().bucket(&name).create_bucket_configuration(place);
    create.send().await.expect("create bucket");
    name
}

/// Lets a bucket keep old versions, as the stack's buckets do.
pub(crate) async fn versioned(aws: &Aws, bucket: &str) {
    use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let put = aws.s3().put_bucket_versioning().bucket(bucket).versioning_configuration(on);
    put.send().await.expect("put versioning");
}

/// An empty FIFO queue as the stack makes it; answers its URL.
pub(crate) async fn fifo_queue(aws: &Aws, kind: &str, visibility: Duration) -> String {
    let create = aws
        .sqs()
        .create_queue()
        .queue_name(format!("{}.fifo", unique(kind)))
        .attributes(QueueAttributeName::FifoQueue, "true")
        .attributes(QueueAttributeName::DeduplicationScope, "messageGroup")
        .attributes(QueueAttributeName::FifoThroughputLimit, "perMessageGroupId")
        .attributes(QueueAttributeName::VisibilityTimeout, visibility.as_secs().to_string());
    create.send().await.expect("create queue").queue_url.expect("its URL")
}

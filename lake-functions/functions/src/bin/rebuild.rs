//! The rebuild function.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use sluice_aws::{
    Aws, DynamoLedger, GlueCatalog, RebuildConfig, S3IngressStore, S3LakeStore, SqsWorkQueue,
};
use sluice_functions::{REBUILD_GRACE_MS, RebuildFunction, configured, time_left};
use sluice_pipeline::Rebuilder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = configured(RebuildConfig::read)?;
    let aws = Aws::from_environment().await;
    let lake = config.lake_bucket;
    let function = &RebuildFunction {
        rebuilder: Rebuilder {
            ledger: DynamoLedger::new(aws.dynamodb(), config.ledger_table, config.claim_days),
            heads: S3IngressStore::new(&aws, config.ingress_bucket, None),
            queue: SqsWorkQueue::new(&aws, config.queue_url),
            lake: S3LakeStore::new(&aws, lake.clone(), None),
            views: GlueCatalog::new(aws.glue(), format!("s3://{lake}")),
            limits: config.limits,
            grace_ms: REBUILD_GRACE_MS,
        },
    };
    let handle = async |event: LambdaEvent<Value>| {
        let time = time_left(&event.context);
        function.handle(event.payload, time).await
    };
    run(service_fn(move |event| async move { Ok::<_, Error>(handle(event).await) })).await
}

//! The redrive function, which also sweeps.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use sluice_aws::{
    Aws, DynamoLedger, EventBridge, RedriveConfig, S3IngressStore, S3Inventory, SqsWorkQueue,
};
use sluice_functions::{RedriveFunction, configured, time_left};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = configured(RedriveConfig::read)?;
    let aws = Aws::from_environment().await;
    let (ingress, folder) = (config.ingress_bucket, config.inventory_prefix);
    let function = &RedriveFunction {
        ingress: S3IngressStore::new(&aws, ingress.clone(), None),
        inventory: S3Inventory::new(&aws, config.inventory_bucket, &folder, ingress),
        ledger: DynamoLedger::new(aws.dynamodb(), config.ledger_table, config.claim_days),
        claim_days: config.claim_days,
        queue: SqsWorkQueue::new(&aws, config.queue_url).with_shards(config.shards),
        dead_letter_queue_url: config.dead_letter_queue_url,
        told: config.event_bus.map(|bus| EventBridge::new(&aws, bus)),
        limits: config.limits,
        aws,
    };
    let handle = async |event: LambdaEvent<Value>| {
        let time = time_left(&event.context);
        Ok::<_, Error>(function.handle(event.payload, time).await?)
    };
    run(service_fn(handle)).await
}

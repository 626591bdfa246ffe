//! The normalizer function.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use sluice_aws::{
    Aws, DynamoLedger, EventBridge, GlueCatalog, NormalizerConfig, S3IngressStore, S3LakeStore,
    S3Settings, SqsWorkQueue,
};
use sluice_functions::{NormalizerFunction, configured, time_left};
use sluice_pipeline::Normalizer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = configured(NormalizerConfig::read)?;
    let aws = Aws::from_environment().await;
    let (lake, key) = (config.lake_bucket, config.kms_key_arn);
    let function = &NormalizerFunction {
        normalizer: Normalizer {
            ingress: S3IngressStore::new(&aws, config.ingress_bucket, None),
            ledger: DynamoLedger::new(aws.dynamodb(), config.ledger_table, config.claim_days),
            lake: S3LakeStore::new(&aws, lake.clone(), key),
            catalog: GlueCatalog::new(aws.glue(), format!("s3://{lake}")),
        },
        queue: SqsWorkQueue::new(&aws, config.queue_url),
        settings: S3Settings::new(&aws, lake),
        told: config.event_bus.map(|bus| EventBridge::new(&aws, bus)),
    };
    let handle = async |event: LambdaEvent<SqsEvent>| {
        let time = time_left(&event.context);
        function.handle(event.payload, time).await
    };
    run(service_fn(move |event| async move { Ok::<_, Error>(handle(event).await) })).await
}

//! The dispatcher function.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use sluice_aws::{Aws, DispatcherConfig, DynamoLedger, S3IngressStore, SqsWorkQueue};
use sluice_functions::{Dispatcher, configured};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = configured(DispatcherConfig::read)?;
    let aws = Aws::from_environment().await;
    let objects = &S3IngressStore::new(&aws, config.ingress_bucket.clone(), None);
    let ledger = &DynamoLedger::new(aws.dynamodb(), config.ledger_table, config.claim_days);
    let queue = &SqsWorkQueue::new(&aws, config.queue_url).with_shards(config.shards);
    let bucket = &config.ingress_bucket;
    let handle = async |event: LambdaEvent<SqsEvent>| {
        let function = Dispatcher {
            bucket: bucket.clone(),
            objects: objects.clone(),
            ledger: ledger.clone(),
            queue: queue.clone().with_trace(event.context.xray_trace_id),
            limits: config.limits,
        };
        function.handle(event.payload).await
    };
    run(service_fn(move |event| async move { Ok::<_, Error>(handle(event).await) })).await
}

//! `Sluice::Api`: the front door on AWS, an API Gateway REST API with no code in it.
//!
//! Its body is made from the one contract (`ingress/openapi.json`). `POST` and `PUT` put the request
//! body into the ingress bucket, `GET` queries the ledger. What has to be decided on the way is in the
//! mapping templates of `templates/`.

mod answers;
mod authorizer;
mod body;
mod contract;
mod gateway_responses;
mod integrations;
mod resources;
mod role;
mod template;

use crate::decided::Decided;
use crate::limits::{API_BURST, API_REQUESTS_PER_SECOND};
use crate::properties::Properties;
use crate::queue::is_arn;
use crate::text::Text;
use authorizer::Authorizer;
use serde_json::Value;

/// What is served where nothing else is asked for: requests a second, and at once.
const RATE_LIMIT: i64 = 1_000;
const BURST_LIMIT: i64 = 2_000;

const STAGE_NAME: &str = "main";

/// An API as asked for.
#[derive(Debug)]
pub(crate) struct Api {
    name: Text,
    stage_name: Text,
    ingress_bucket: Text,
    ledger_table: Text,
    kms_key: Option<Text>,
    authorizer: Decided<Authorizer>,
    access_log: Option<Text>,
    rate_limit: Value,
    burst_limit: Value,
    tracing: Value,
    metrics: Value,
    tags: Option<Value>,
}

impl Api {
    /// None when something is wrong, which is told.
    pub(crate) fn read(properties: &Properties<'_>) -> Option<Self> {
        let is_there = |text: &str| !text.is_empty();
        let name = properties.text("Name", "the name of the API", &is_there);
        let stage_name = properties.optional_text("StageName", "the name of a stage", &is_there);
        let ingress_bucket = properties.text("IngressBucket", "the name of a bucket", &is_there);
        let ledger_table =
            properties.text("LedgerTable", "the name of a DynamoDB table", &is_there);
        let kms_key = properties.optional_text("KmsKeyArn", "the ARN of a KMS key", &is_arn);
        let authorizer = Authorizer::read(properties);
        let access_log =
            properties.optional_text("AccessLogArn", "the ARN of a log group", &is_there);
        let rate_limit = properties.optional_number("RateLimit", API_REQUESTS_PER_SECOND);
        let burst_limit = properties.optional_number("BurstLimit", API_BURST);
        let tracing = properties.flag_as_it_stands("Tracing");
        let metrics = properties.flag_as_it_stands("Metrics");
        let tags = properties.optional_list("Tags", "a list of {Key, Value}");
        properties.finish();
        Some(Api {
            name: name?,
            stage_name: stage_name.unwrap_or_else(|| Text::new(STAGE_NAME.into())),
            ingress_bucket: ingress_bucket?,
            ledger_table: ledger_table?,
            kms_key,
            authorizer: authorizer?,
            access_log,
            rate_limit: rate_limit.unwrap_or_else(|| RATE_LIMIT.into()),
            burst_limit: burst_limit.unwrap_or_else(|| BURST_LIMIT.into()),
            tracing,
            metrics,
            tags,
        })
    }
}

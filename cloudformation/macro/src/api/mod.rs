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

use crate::arn::{is_key, is_log_group};
use crate::decided::Decided;
use crate::limits::{API_BURST, API_REQUESTS_PER_SECOND, STAGE_NAME_CHARS_MAX};
use crate::properties::Properties;
use crate::text::Text;
use crate::value::is_name;
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
        let name = properties.text("Name", "the name of the API", &|text| !text.is_empty());
        let stage_name = properties.text_or(
            "StageName",
            &format!("a text of letters, digits, _ and -, at most {STAGE_NAME_CHARS_MAX}"),
            &is_stage_name,
            STAGE_NAME,
        );
        let ingress_bucket =
            properties.name_of_one("IngressBucket", "the name of a bucket", &is_bucket_name);
        let ledger_table =
            properties.name_of_one("LedgerTable", "the name of a DynamoDB table", &is_table_name);
        let kms_key = properties.optional_name_of_one("KmsKeyArn", "the ARN of a KMS key", &is_key);
        let authorizer = Authorizer::read(properties);
        let access_log =
            properties.optional_text("AccessLogArn", "the ARN of a log group", &is_log_group);
        let rate_limit = properties.number_or("RateLimit", API_REQUESTS_PER_SECOND, RATE_LIMIT);
        let burst_limit = properties.number_or("BurstLimit", API_BURST, BURST_LIMIT);
        let tracing = properties.flag_as_it_stands("Tracing");
        let metrics = properties.flag_as_it_stands("Metrics");
        let tags = properties.tags();
        properties.finish();
        Some(Api {
            name: name?,
            stage_name,
            ingress_bucket: ingress_bucket?,
            ledger_table: ledger_table?,
            kms_key,
            authorizer: authorizer?,
            access_log,
            rate_limit,
            burst_limit,
            tracing,
            metrics,
            tags,
        })
    }
}

fn is_stage_name(text: &str) -> bool {
    is_name(text, STAGE_NAME_CHARS_MAX)
}

/// [S3's rule](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html), as far as it
/// keeps a name from being something else in an ARN or a path.
fn is_bucket_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
    (3..=63).contains(&text.len()) && text.bytes().all(allowed)
}

/// [DynamoDB's rule](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html):
/// nothing that would end the text in the mapping template that names the table.
fn is_table_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    (3..=255).contains(&text.len()) && text.bytes().all(allowed)
}

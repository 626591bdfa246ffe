//! `Sluice::Api`: the front door on AWS, an API Gateway REST API with no code in it.
//!
//! Its body is made from the one contract (`ingress/openapi.json`). `POST` and `PUT` put the request
//! body into the ingress bucket, `GET` queries the ledger. What has to be decided on the way is in the
//! mapping templates of `templates/`.
//!
//! | property | |
//! |---|---|
//! | `Name` | of the REST API |
//! | `StageName` | default `main` |
//! | `IngressBucket` | the bucket's name |
//! | `LedgerTable` | the table's name |
//! | `KmsKeyArn` | what bucket and ledger are encrypted with; without it no grant for a key |
//! | `Authorizer` | `None` (default), `{Cognito: {UserPoolArn}}`, `{Custom: {FunctionArn}}`, or `Fn::If` of them |
//! | `AccessLogArn` | of a log group; API Gateway needs a role for logs in the account's settings |
//! | `RateLimit`, `BurstLimit` | requests a second (default 1000) and at once (default 2000) |
//! | `Tracing`, `Metrics` | X-Ray and metrics for each method, default false: both cost by the request |
//! | `Tags` | as other resources have them |
//!
//! `Ref` of the resource stays the API's id; its stage is `<Id>Stage`, its role `<Id>Role`.

mod answers;
mod authorizer;
mod body;
mod conditional;
mod contract;
mod fault;
mod gateway_responses;
mod integrations;
mod properties;
mod resources;
mod role;
mod template;

pub use fault::Fault;
pub use resources::{Api, expand};

use crate::made::Made;
use crate::properties::Reading;
use crate::resource::Resource;
use serde_json::Value;

const KINDS: [&str; 4] = [
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::IAM::Role",
];

/// The resources of API `resource`; none when something is wrong, which is told.
pub(crate) fn made<'t>(resource: &Resource<'t>, reading: &'t Reading<'t>) -> Vec<Made> {
    let properties = Value::Object(resource.given_properties().clone());
    let parameters = reading.parameters.given();
    let api = Api { logical_id: resource.id, properties: &properties, parameters };
    let expanded = expand(&api).unwrap_or_else(|faults| {
        for fault in faults {
            reading.fault(crate::fault::Fault::new(fault.to_string()));
        }
        serde_json::Map::new()
    });
    let made = expanded.into_iter().map(|(id, mut plain)| {
        let kind = KINDS.into_iter().find(|kind| plain["Type"] == *kind);
        let kind = kind.expect("an API is made of these");
        let is_main = id == resource.id;
        let made = Made::new(id, kind, plain["Properties"].take());
        if is_main { made.main() } else { made }
    });
    made.collect()
}

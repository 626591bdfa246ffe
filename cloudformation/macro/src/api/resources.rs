//! The resources that a `Sluice::Api` becomes.

use super::Api;
use super::body::body;
use super::role::role;
use crate::intrinsic::{attribute, is_no_value, map_leaves, no_value, reference};
use crate::made::Made;
use crate::text::Text;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

impl Api {
    /// The resources of API `id`. `evaluated_by`: parameters, conditions, mappings. A stage serves a
    /// deployment, and a deployment is a copy of the API as it was: when they change what the API is, a new
    /// one must be made, or who may call stays as it was.
    pub(crate) fn expand(&self, id: &str, evaluated_by: &str) -> Vec<Made> {
        let role = role(id, self);
        let body = body(self, &attribute(&role.id, "Arn"));
        let deployment_id = format!("{id}Deployment{}", hash(&body, evaluated_by));
        let stage = self.stage(id, &deployment_id);
        let deployment = json!({"RestApiId": reference(id)});
        let rest_api = json!({
            "Name": self.name.value(),
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            "Body": body,
            "Tags": self.tags,
        });
        vec![
            Made::new(id.to_owned(), "AWS::ApiGateway::RestApi", rest_api).main(),
            role,
            Made::new(deployment_id, "AWS::ApiGateway::Deployment", deployment),
            stage,
        ]
    }

    fn stage(&self, id: &str, deployment_id: &str) -> Made {
        let access_log = self.access_log.as_ref().map(|arn| {
            map_leaves(arn.value(), &|leaf| match leaf {
                // The destination is what switches access logs on: without it no format either.
                leaf if is_no_value(leaf) => no_value(),
                arn => json!({"DestinationArn": arn, "Format": access_log_format()}),
            })
        });
        let properties = json!({
            "RestApiId": reference(id),
            "DeploymentId": reference(deployment_id),
            "StageName": self.stage_name.value(),
            "TracingEnabled": self.tracing,
            "MethodSettings": [{
                "HttpMethod": "*",
                "ResourcePath": "/*",
                "ThrottlingRateLimit": self.rate_limit,
                "ThrottlingBurstLimit": self.burst_limit,
                "MetricsEnabled": self.metrics,
                // The gateway's own log would have headers and bodies (I-8).
                "LoggingLevel": "OFF",
                "DataTraceEnabled": false,
            }],
            "AccessLogSetting": access_log,
            "Tags": self.tags,
        });
        let made = Made::new(format!("{id}Stage"), "AWS::ApiGateway::Stage", properties);
        match self.access_log.as_ref().is_some_and(Text::can_be_left_out) {
            true => made.skip("CKV_AWS_76", "a condition decides whether requests are logged"),
            false => made,
        }
    }
}

/// A line of JSON a request. No content, no token (I-8), and nothing that its sender could break the
/// JSON with.
fn access_log_format() -> String {
    let fields = [
        ("time", "requestTimeEpoch"),
        ("request", "requestId"),
        ("extendedRequest", "extendedRequestId"),
        ("method", "httpMethod"),
        ("path", "resourcePath"),
        ("status", "status"),
        ("bytes", "responseLength"),
        ("millis", "responseLatency"),
        ("integrationStatus", "integration.status"),
        ("integrationMillis", "integration.latency"),
        ("integrationRequest", "integration.requestId"),
        ("ip", "identity.sourceIp"),
        ("error", "error.responseType"),
    ];
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, variable)| format!("\"{name}\":\"$context.{variable}\""))
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// Of all that makes the API what it is.
fn hash(body: &Value, evaluated_by: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(body.to_string());
    hash.update(evaluated_by);
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

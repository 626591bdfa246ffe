//! The resources that a `Sluice::Api` becomes.

use super::Fault;
use super::body::body;
use super::properties::Properties;
use super::role::role;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A resource `Sluice::Api` of a template.
#[derive(Debug, Clone, Copy)]
pub struct Api<'a> {
    /// Its name in the template.
    pub logical_id: &'a str,
    /// `Properties`, with intrinsics in their long form.
    pub properties: &'a Value,
    /// The template's parameters as the macro is told them (`templateParameterValues`). A stage serves
    /// a deployment, and a deployment is a copy of the API as it was: when a parameter changes what
    /// the API is, a new one must be made, though the template's text stays the same.
    pub parameters: &'a Map<String, Value>,
}

/// The resources in its place, by logical id: `<Id>` (the REST API), `<Id>Role`,
/// `<Id>Deployment<hash>` and `<Id>Stage`.
///
/// # Errors
/// Every fault of the properties.
pub fn expand(api: &Api<'_>) -> Result<Map<String, Value>, Vec<Fault>> {
    let id = api.logical_id;
    let properties = Properties::parse(id, api.properties)?;
    let role_id = format!("{id}Role");
    let body = body(&properties, &json!({ "Fn::GetAtt": [role_id, "Arn"] }));
    let deployment_id = format!("{id}Deployment{}", hash(&body, api.parameters));
    let stage = stage(id, &deployment_id, &properties);
    let deployment = json!({
        "Type": "AWS::ApiGateway::Deployment",
        "Properties": { "RestApiId": { "Ref": id } },
    });
    let mut rest_api = json!({
        "Type": "AWS::ApiGateway::RestApi",
        "Properties": {
            "Name": properties.name,
            "EndpointConfiguration": { "Types": ["REGIONAL"] },
            "Body": body,
        },
    });
    if let Some(tags) = &properties.tags {
        rest_api["Properties"]["Tags"] = tags.clone();
    }
    let resources = [
        (id.to_owned(), rest_api),
        (role_id, role(&properties)),
        (deployment_id, deployment),
        (format!("{id}Stage"), stage),
    ];
    Ok(resources.into_iter().collect())
}

fn stage(id: &str, deployment_id: &str, properties: &Properties) -> Value {
    let mut stage = json!({
        "Type": "AWS::ApiGateway::Stage",
        "Properties": {
            "RestApiId": { "Ref": id },
            "DeploymentId": { "Ref": deployment_id },
            "StageName": properties.stage_name,
            "TracingEnabled": properties.tracing,
            "MethodSettings": [{
                "HttpMethod": "*",
                "ResourcePath": "/*",
                "ThrottlingRateLimit": properties.rate_limit,
                "ThrottlingBurstLimit": properties.burst_limit,
                "MetricsEnabled": properties.metrics,
                // The gateway's own log would have headers and bodies (I-8).
                "LoggingLevel": "OFF",
                "DataTraceEnabled": false,
            }],
        },
    });
    if let Some(arn) = &properties.access_log_arn {
        stage["Properties"]["AccessLogSetting"] =
            json!({ "DestinationArn": arn, "Format": access_log_format() });
    }
    if let Some(tags) = &properties.tags {
        stage["Properties"]["Tags"] = tags.clone();
    }
    stage
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
fn hash(body: &Value, parameters: &Map<String, Value>) -> String {
    let mut hash = Sha256::new();
    hash.update(body.to_string());
    hash.update(Value::Object(parameters.clone()).to_string());
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Api, expand};
    use serde_json::{Map, Value, json};

    fn deployment(properties: &Value, parameters: &Map<String, Value>) -> String {
        let api = Api { logical_id: "Api", properties, parameters };
        let resources = expand(&api).unwrap_or_else(|faults| panic!("{faults:?}"));
        resources.keys().find(|id| id.starts_with("ApiDeployment")).expect("a deployment").clone()
    }

    #[test]
    fn whatever_changes_the_api_makes_a_deployment() {
        let with = |bucket: &str, rate: u32| json!({ "Name": "n", "IngressBucket": bucket, "LedgerTable": "l", "RateLimit": rate });
        let (open, closed) = (json!({ "Authorize": "False" }), json!({ "Authorize": "True" }));
        let (open, closed) = (open.as_object().unwrap(), closed.as_object().unwrap());
        let first = deployment(&with("a", 1), open);
        assert_eq!(first, deployment(&with("a", 2), open), "of the stage alone");
        assert_ne!(first, deployment(&with("b", 1), open));
        assert_ne!(first, deployment(&with("a", 1), closed), "conditions may depend on it");
        assert!(first.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{first}");
    }
}

//! A function's role: its log, its source, what it is granted, nothing else.

use super::Function;
use crate::intrinsic::{attribute, map_leaves, no_value};
use crate::made::Made;
use crate::statement::{allow, document, trust};
use crate::text::Text;
use serde_json::{Value, json};

impl Function {
    pub(super) fn role(&self, id: &str) -> Made {
        let log = Text::new(attribute(&format!("{id}Logs"), "Arn"));
        let write = ["logs:CreateLogStream", "logs:PutLogEvents"];
        let mut statements = vec![allow("WriteLog", &write, &[log])];
        statements.extend(self.source.as_ref().map(|source| source.statement()));
        statements.extend(self.grants.iter().cloned());
        match map_leaves(&self.tracing, &traces) {
            nothing if nothing == no_value() => {}
            statement => statements.push(statement),
        }
        let properties = json!({
            "Description": self.name.around("What function ", " may do").value(),
            "AssumeRolePolicyDocument": trust("lambda.amazonaws.com", None),
            "Policies": [{"PolicyName": "function", "PolicyDocument": document(statements)}],
            "Tags": self.tags,
        });
        Made::new(format!("{id}Role"), "AWS::IAM::Role", properties)
    }
}

/// The one `Resource: "*"`: X-Ray
/// [has no resources](https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html)
/// that these actions could be kept to.
fn traces(tracing: &Value) -> Value {
    if tracing != &Value::Bool(true) {
        return no_value();
    }
    let actions = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
    json!({"Sid": "WriteTraces", "Effect": "Allow", "Action": actions, "Resource": "*"})
}

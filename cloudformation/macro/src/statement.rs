//! Statements of policies.

use crate::text::Text;
use serde_json::{Value, json};

const POLICY_VERSION: &str = "2012-10-17";

/// Allows actions on resources, of which none is `*`.
pub(crate) fn allow(sid: &str, actions: &[&str], resources: &[Text]) -> Value {
    let resources: Vec<&Value> = resources.iter().map(Text::value).collect();
    json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources})
}

/// A document of statements.
pub(crate) fn document(statements: Vec<Value>) -> Value {
    json!({"Version": POLICY_VERSION, "Statement": statements})
}

/// Lets a service of AWS assume a role.
pub(crate) fn trust(service: &str, condition: Option<Value>) -> Value {
    document(vec![json!({
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    })])
}

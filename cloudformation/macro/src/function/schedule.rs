//! When a function is invoked by the clock.

use crate::intrinsic::{attribute, has_intrinsic, is_intrinsic, leaves, map_leaves};
use crate::made::Made;
use crate::properties::Properties;
use crate::statement::{allow, document, trust};
use crate::text::Text;
use serde_json::{Value, json};

/// An hour late is still of use; the next invocation comes anyway.
const EVENT_AGE_SECONDS_MAX: i64 = 3_600;

/// How often EventBridge Scheduler tries to hand an invocation over.
const ATTEMPTS_MAX: i64 = 10;

/// A schedule as asked for.
#[derive(Debug)]
pub(super) struct Schedule {
    expression: Text,
    input: Option<Value>,
}

impl Schedule {
    pub(super) fn read(properties: &Properties<'_>) -> Option<Self> {
        let is_expression = |text: &str| {
            ["rate(", "cron(", "at("].iter().any(|start| text.starts_with(start))
                && text.ends_with(')')
        };
        let expected = "a text like rate(1 day) or cron(0 3 * * ? *)";
        let expression = properties.text("Expression", expected, &is_expression);
        let input = properties.optional_any("Input", "JSON").map(|input| {
            let is_whole = |leaf: &&Value| is_intrinsic(leaf) || !has_intrinsic(leaf);
            if let Some(leaf) = leaves(input).into_iter().find(|leaf| !is_whole(leaf)) {
                let expected =
                    "JSON in which no intrinsic function stands, or one that becomes its text";
                properties.wrong("Input", leaf, expected);
            }
            map_leaves(input, &as_text)
        });
        properties.finish();
        Some(Schedule { expression: expression?, input })
    }

    pub(super) fn expand(&self, id: &str, name: &Text, tags: Option<&Value>) -> [Made; 2] {
        let role_id = format!("{id}ScheduleRole");
        let function = attribute(id, "Arn");
        let schedule = json!({
            "Description": name.around("Invokes function ", "").value(),
            "ScheduleExpression": self.expression.value(),
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": function,
                "RoleArn": attribute(&role_id, "Arn"),
                "Input": self.input,
                "RetryPolicy": {
                    "MaximumEventAgeInSeconds": EVENT_AGE_SECONDS_MAX,
                    "MaximumRetryAttempts": ATTEMPTS_MAX,
                },
            },
        });
        // Schedules of other accounts cannot use the role.
        let own = json!({"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}});
        let invoke = allow("Invoke", &["lambda:InvokeFunction"], &[Text::new(function)]);
        let role = json!({
            "Description": name.around("Lets the schedule invoke function ", "").value(),
            "AssumeRolePolicyDocument": trust("scheduler.amazonaws.com", Some(own)),
            "Policies": [{"PolicyName": "schedule", "PolicyDocument": document(vec![invoke])}],
            "Tags": tags,
        });
        [
            Made::new(format!("{id}Schedule"), "AWS::Scheduler::Schedule", schedule),
            Made::new(role_id, "AWS::IAM::Role", role),
        ]
    }
}

/// The target is sent a text.
fn as_text(input: &Value) -> Value {
    match input {
        Value::String(_) => input.clone(),
        call if is_intrinsic(call) => call.clone(),
        json => Value::String(json.to_string()),
    }
}

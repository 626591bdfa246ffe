//! CloudFormation's request to a macro, and the answer, as
//! [documented](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html).

use crate::expand::expand;
use crate::fault::{Fault, Faults};
use serde_json::{Map, Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Answers a request: `success` with the expanded template, or `failure` with a line for everything that is
/// wrong, which CloudFormation shows to whoever made the change set. Never panics.
#[must_use]
pub fn answer(request: &Value) -> Value {
    answer_by(request, expand)
}

fn answer_by(
    request: &Value,
    expand: impl Fn(&Value, &Map<String, Value>) -> Result<Value, Faults>,
) -> Value {
    let id = request.get("requestId").cloned().unwrap_or_default();
    // A bug must not leave CloudFormation with "no response": it would not say which macro failed.
    let expanded = catch_unwind(AssertUnwindSafe(|| expanded(request, expand)));
    match expanded {
        Ok(Ok(fragment)) => json!({"requestId": id, "status": "success", "fragment": fragment}),
        Ok(Err(faults)) => failure(&id, &faults.to_string()),
        Err(_) => failure(&id, "the macro Sluice failed by a bug of its own; its log says where"),
    }
}

fn expanded(
    request: &Value,
    expand: impl Fn(&Value, &Map<String, Value>) -> Result<Value, Faults>,
) -> Result<Value, Faults> {
    let Some(fragment) = request.get("fragment") else {
        return Err(Fault::new("the request has no fragment: it is not CloudFormation's").into());
    };
    let no_parameters = Map::new();
    let object = |name| request.get(name).and_then(Value::as_object).unwrap_or(&no_parameters);
    if let Some(name) = object("params").keys().next() {
        let text = format!(
            "the macro Sluice takes no parameters, found {name}: write `Transform: Sluice` at the \
             template's top"
        );
        return Err(Fault::new(text).into());
    }
    expand(fragment, object("templateParameterValues"))
}

fn failure(id: &Value, message: &str) -> Value {
    json!({"requestId": id, "status": "failure", "errorMessage": message})
}

#[cfg(test)]
mod tests {
    use super::{answer, answer_by};
    use serde_json::json;

    #[test]
    fn a_panic_is_a_failure() {
        let request = json!({"requestId": "r-1", "fragment": {"Resources": {}}});
        let answer = answer_by(&request, |_, _| panic!("a bug"));
        assert_eq!(answer["requestId"], "r-1");
        assert_eq!(answer["status"], "failure");
        assert!(answer["errorMessage"].as_str().is_some_and(|text| text.contains("bug")));
    }

    #[test]
    fn what_is_no_request_is_told() {
        for (request, told) in [
            (json!({}), "the request has no fragment"),
            (json!([]), "the request has no fragment"),
            (json!({"fragment": 1}), "the template is 1"),
            (json!({"fragment": {}}), "Resources is missing"),
            (json!({"fragment": {"Resources": {}}, "params": {"A": "b"}}), "takes no parameters"),
        ] {
            let answer = answer(&request);
            assert_eq!(answer["status"], "failure", "{request}");
            let message = answer["errorMessage"].as_str().unwrap_or_default();
            assert!(message.contains(told), "{request}: {message}");
        }
    }
}

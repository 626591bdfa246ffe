//! CloudFormation's request to a macro, and the answer, as
//! [documented](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html).

use crate::expand::expand;
use crate::fault::{Fault, Faults};
use serde_json::{Map, Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// [Lambda's bound](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html) on an answer; a
/// larger one is lost, and CloudFormation does not tell why.
const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Of a failure's message; with a last line of any length, twice as many.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;

const _: () = assert!(2 * MESSAGE_BYTES_MAX < ANSWER_BYTES_MAX);

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
        Ok(Ok(fragment)) => success(&id, fragment),
        Ok(Err(faults)) => failure(&id, &told(&faults)),
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

fn success(id: &Value, fragment: Value) -> Value {
    let answer = json!({"requestId": id, "status": "success", "fragment": fragment});
    let bytes = answer.to_string().len();
    if bytes > ANSWER_BYTES_MAX {
        let text = format!("the expanded template has {bytes} bytes: at most {ANSWER_BYTES_MAX}");
        return failure(id, &text);
    }
    answer
}

/// As many faults as somebody may read. What a template calls something can be long, too.
fn told(faults: &Faults) -> String {
    let mut text = String::new();
    for (at, fault) in faults.list().iter().enumerate() {
        let line = fault.to_string();
        if at > 0 && text.len() + line.len() > MESSAGE_BYTES_MAX {
            text.push_str(&format!("\nand {} more", faults.list().len() - at));
            break;
        }
        text.push_str(if at > 0 { "\n" } else { "" });
        text.push_str(&line);
    }
    text.truncate(text.floor_char_boundary(2 * MESSAGE_BYTES_MAX));
    text
}

fn failure(id: &Value, message: &str) -> Value {
    json!({"requestId": id, "status": "failure", "errorMessage": message})
}

#[cfg(test)]
mod tests {
    use super::{answer, answer_by};
    use serde_json::{Map, json};

    #[test]
    fn a_panic_is_a_failure() {
        let request = json!({"requestId": "r-1", "fragment": {"Resources": {}}});
        let answer = answer_by(&request, |_, _| panic!("a bug"));
        assert_eq!(answer["requestId"], "r-1");
        assert_eq!(answer["status"], "failure");
        assert!(answer["errorMessage"].as_str().is_some_and(|text| text.contains("bug")));
    }

    /// Lambda loses an answer that is too large, and with it all that was to be told.
    #[test]
    fn an_answer_is_bounded() {
        let large =
            json!({"requestId": "r", "fragment": {"Resources": {}, "A": "a".repeat(7 << 20)}});
        let told = answer(&large)["errorMessage"].to_string();
        assert!(told.contains("the expanded template has"), "{told}");
        let unknown: Map<_, _> = (0..5_000).map(|at| (format!("Unknown{at}"), json!(1))).collect();
        let queue = json!({"Type": "Sluice::Queue", "Properties": unknown});
        let many = json!({"fragment": {"Resources": {"Jobs": queue}}});
        let told = answer(&many)["errorMessage"].to_string();
        assert!(told.contains("Properties.Name is missing") && told.len() < 40_000, "{told}");
        assert!(told.contains("\\nand 4"), "{told}");
        let long =
            json!({"fragment": {"Resources": {"ä".repeat(1 << 20): {"Type": "Sluice::Bus"}}}});
        assert!(answer(&long)["errorMessage"].to_string().len() < 40_000);
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

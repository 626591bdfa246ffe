//! Values that conditions of the template decide.
//!
//! CloudFormation evaluates them after the macro, so what depends on such a value is made for each
//! branch and stands in the same `Fn::If`.

use serde_json::{Value, json};

/// `Fn::If` as it is written: condition, then, else.
pub(super) const IF: &str = "Fn::If";

/// The condition and the branches of an `Fn::If`.
pub(super) fn branches(value: &Value) -> Option<(&Value, &Value, &Value)> {
    match intrinsic(value)? {
        (IF, Value::Array(parts)) => match parts.as_slice() {
            [condition, then, otherwise] if condition.is_string() => {
                Some((condition, then, otherwise))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The function and argument of an intrinsic.
pub(super) fn intrinsic(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (name, argument) = map.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

/// What `leaf` makes of each branch, in the same conditions.
pub(super) fn map_branches(value: &Value, leaf: &impl Fn(&Value) -> Value) -> Value {
    match branches(value) {
        Some((condition, then, otherwise)) => {
            json!({ IF: [condition, map_branches(then, leaf), map_branches(otherwise, leaf)] })
        }
        None => leaf(value),
    }
}

/// The property or list element is not there.
pub(super) fn no_value() -> Value {
    json!({ "Ref": "AWS::NoValue" })
}

pub(super) fn is_no_value(value: &Value) -> bool {
    matches!(intrinsic(value), Some(("Ref", Value::String(name))) if name == "AWS::NoValue")
}

/// Texts and intrinsics, joined.
pub(super) fn join(parts: &[Value]) -> Value {
    json!({ "Fn::Join": ["", parts] })
}

/// A pseudo parameter: `AWS::Region`.
pub(super) fn pseudo(name: &str) -> Value {
    json!({ "Ref": format!("AWS::{name}") })
}

#[cfg(test)]
mod tests {
    use super::map_branches;
    use serde_json::json;

    #[test]
    fn every_branch_is_mapped_in_its_condition() {
        let value = json!({"Fn::If": ["A", {"Fn::If": ["B", 1, 2]}, {"Ref": "AWS::NoValue"}]});
        let mapped = map_branches(&value, &|leaf| json!([leaf]));
        let expected =
            json!({"Fn::If": ["A", {"Fn::If": ["B", [1], [2]]}, [{"Ref": "AWS::NoValue"}]]});
        assert_eq!(mapped, expected);
    }
}

//! Intrinsic functions, in the long form that a macro is given. They are kept, never evaluated.

use serde_json::{Value, json};

/// [What CloudFormation has](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html)
/// where a value may stand; `AWS::LanguageExtensions` included.
const FUNCTIONS: [&str; 15] = [
    "Ref",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::FindInMap",
    "Fn::GetAtt",
    "Fn::GetAZs",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Length",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
    "Fn::Transform",
];

/// What stands for "left out".
pub(crate) fn no_value() -> Value {
    json!({"Ref": "AWS::NoValue"})
}

/// An attribute of a resource of the same template.
pub(crate) fn attribute(id: &str, attribute: &str) -> Value {
    json!({"Fn::GetAtt": [id, attribute]})
}

/// A resource of the same template, a parameter, or what AWS knows (`AWS::Region`).
pub(crate) fn reference(target: &str) -> Value {
    json!({"Ref": target})
}

/// The resource and attribute that `Fn::GetAtt` names, written as a list or as one text.
pub(crate) fn attribute_of(value: &Value) -> Option<(&str, &str)> {
    match argument(value, "Fn::GetAtt")? {
        Value::String(target) => target.split_once('.'),
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(resource), Value::String(attribute)] => Some((resource, attribute)),
            _ => None,
        },
        _ => None,
    }
}

/// Texts and intrinsic functions, joined.
pub(crate) fn join(parts: &[Value]) -> Value {
    json!({"Fn::Join": ["", parts]})
}

pub(crate) fn is_no_value(value: &Value) -> bool {
    argument(value, "Ref").is_some_and(|target| target == "AWS::NoValue")
}

/// The argument of `function`, if the value is a call of it.
pub(crate) fn argument<'v>(value: &'v Value, function: &str) -> Option<&'v Value> {
    let (name, argument) = call(value)?;
    (name == function).then_some(argument)
}

pub(crate) fn is_intrinsic(value: &Value) -> bool {
    call(value).is_some_and(|(name, _)| FUNCTIONS.contains(&name))
}

/// Whether an intrinsic function is called somewhere within.
pub(crate) fn has_intrinsic(value: &Value) -> bool {
    match value {
        Value::Object(map) => is_intrinsic(value) || map.values().any(has_intrinsic),
        Value::Array(list) => list.iter().any(has_intrinsic),
        _ => false,
    }
}

fn call(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object()?;
    let (name, argument) = map.iter().next().filter(|_| map.len() == 1)?;
    Some((name, argument))
}

/// The branches of `Fn::If`: condition, then, else.
pub(crate) fn branches(value: &Value) -> Option<(&Value, &Value, &Value)> {
    match argument(value, "Fn::If")?.as_array()?.as_slice() {
        [condition, then, or] => Some((condition, then, or)),
        _ => None,
    }
}

/// What a value can be: itself, or what stands in the branches of its `Fn::If`.
pub(crate) fn leaves(value: &Value) -> Vec<&Value> {
    match branches(value) {
        Some((_, then, or)) => [leaves(then), leaves(or)].concat(),
        None => vec![value],
    }
}

/// The value with each of its leaves replaced, under the same conditions.
pub(crate) fn map_leaves(value: &Value, replace: &dyn Fn(&Value) -> Value) -> Value {
    match branches(value) {
        Some((condition, then, or)) => {
            json!({"Fn::If": [condition, map_leaves(then, replace), map_leaves(or, replace)]})
        }
        None => replace(value),
    }
}

/// The value, and another one where it is left out.
pub(crate) fn or_default(value: &Value, default: &Value) -> Value {
    map_leaves(value, &|leaf| if is_no_value(leaf) { default.clone() } else { leaf.clone() })
}

/// A value for where this one is left out, and nothing where it is there.
pub(crate) fn where_left_out(given: Option<&Value>, value: &Value) -> Value {
    let Some(given) = given else { return value.clone() };
    let other = |leaf: &Value| if is_no_value(leaf) { value.clone() } else { no_value() };
    tidy(map_leaves(given, &other))
}

/// A value that is the same in both branches needs no condition.
fn tidy(value: Value) -> Value {
    let leaves = leaves(&value);
    match leaves.as_slice() {
        [first, rest @ ..] if rest.iter().all(|leaf| leaf == first) => (*first).clone(),
        _ => value,
    }
}

/// The value wherever this one is there, nothing where it is left out.
pub(crate) fn where_given(given: &Value, value: &Value) -> Value {
    let other = |leaf: &Value| if is_no_value(leaf) { no_value() } else { value.clone() };
    tidy(map_leaves(given, &other))
}

#[cfg(test)]
mod tests {
    use super::{is_intrinsic, leaves, where_given, where_left_out};
    use serde_json::json;

    #[test]
    fn calls_are_told_from_maps() {
        assert!(is_intrinsic(&json!({"Ref": "A"})));
        assert!(is_intrinsic(&json!({"Fn::Join": ["", []]})));
        for other in
            [json!({"Fn::Nothing": 1}), json!({"Ref": "A", "B": 1}), json!({}), json!("Ref")]
        {
            assert!(!is_intrinsic(&other), "{other}");
        }
    }

    #[test]
    fn conditions_are_followed() {
        let nothing = json!({"Ref": "AWS::NoValue"});
        let key = json!({"Fn::If": ["A", {"Fn::If": ["B", "x", nothing]}, "y"]});
        assert_eq!(leaves(&key), [&json!("x"), &nothing, &json!("y")]);
        assert_eq!(
            where_left_out(Some(&key), &json!(true)),
            json!({"Fn::If": ["A", {"Fn::If": ["B", nothing, true]}, nothing]})
        );
        assert_eq!(
            where_given(&key, &json!(1)),
            json!({"Fn::If": ["A", {"Fn::If": ["B", 1, nothing]}, 1]})
        );
        assert_eq!(where_left_out(None, &json!(true)), json!(true));
        assert_eq!(where_left_out(Some(&json!("x")), &json!(true)), nothing);
        assert_eq!(where_given(&json!({"Fn::If": ["A", "x", "y"]}), &json!(1)), json!(1));
    }
}

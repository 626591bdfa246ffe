//! What CloudFormation takes a value for.

use serde_json::Value;

/// A whole number, which CloudFormation also takes as text.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// A text of which `is_it` says whether it can be used.
pub(crate) fn is_text(value: &Value, is_it: &dyn Fn(&str) -> bool) -> bool {
    value.as_str().is_some_and(|text| resolves(text) || is_it(text))
}

/// What is taken for a text, whatever it says.
pub(crate) fn is_scalar(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

/// A name as most services have it: letters, digits, _ and -.
pub(crate) fn is_name(text: &str, chars_max: usize) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    (1..=chars_max).contains(&text.len()) && text.bytes().all(allowed)
}

/// A [dynamic reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html),
/// whose value nobody knows before.
fn resolves(text: &str) -> bool {
    text.contains("{{resolve:")
}

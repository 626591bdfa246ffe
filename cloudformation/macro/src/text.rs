//! A text, or an intrinsic function that becomes one.

use crate::intrinsic::{argument, attribute_of, is_no_value, leaves, map_leaves, no_value};
use serde_json::{Map, Value, json};

/// A text whose value may only be known when the stack is made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text(Value);

impl Text {
    /// `value`: a string or an intrinsic function, which the caller has checked.
    pub(crate) fn new(value: Value) -> Self {
        Text(value)
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    /// Whether there is none under some condition.
    pub(crate) fn can_be_left_out(&self) -> bool {
        leaves(&self.0).into_iter().any(is_no_value)
    }

    /// Whether the text of a `Fn::Sub`, in any branch, ends so.
    pub(crate) fn is_written_with_end(&self, end: &str) -> bool {
        let is_sub = |leaf: &Value| argument(leaf, "Fn::Sub").is_some();
        leaves(&self.0).into_iter().any(|leaf| is_sub(leaf) && substitution(leaf).0.ends_with(end))
    }

    /// The text with others around it, which are written as in `Fn::Sub`. What is left out stays so.
    pub(crate) fn around(&self, before: &str, after: &str) -> Text {
        if before.is_empty() && after.is_empty() {
            return self.clone();
        }
        Text(map_leaves(&self.0, &|leaf| {
            if is_no_value(leaf) {
                return no_value();
            }
            let (middle, variables) = substitution(leaf);
            substituted(&format!("{before}{middle}{after}"), variables)
        }))
    }
}

/// A value as the text of `Fn::Sub` and what that needs beside it.
fn substitution(value: &Value) -> (String, Map<String, Value>) {
    if let Value::String(text) = value {
        return (text.replace("${", "${!"), Map::new());
    }
    if let Some(Value::String(target)) = argument(value, "Ref") {
        return (format!("${{{target}}}"), Map::new());
    }
    if let Some((resource, attribute)) = attribute_of(value) {
        return (format!("${{{resource}.{attribute}}}"), Map::new());
    }
    match argument(value, "Fn::Sub") {
        Some(Value::String(text)) => return (text.clone(), Map::new()),
        Some(Value::Array(parts)) => {
            if let [Value::String(text), Value::Object(variables)] = parts.as_slice() {
                return (text.clone(), variables.clone());
            }
        }
        _ => {}
    }
    ("${Text}".to_owned(), Map::from_iter([("Text".to_owned(), value.clone())]))
}

fn substituted(text: &str, variables: Map<String, Value>) -> Value {
    if !variables.is_empty() {
        return json!({"Fn::Sub": [text, variables]});
    }
    if text.replace("${!", "").contains("${") {
        return json!({"Fn::Sub": text});
    }
    Value::String(text.replace("${!", "${"))
}

#[cfg(test)]
mod tests {
    use super::Text;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(value: Value, expected: &Value) {
        assert_eq!(Text::new(value).around("<${AWS::Region}:", ".fifo>").value(), expected);
    }

    #[test]
    fn texts_are_put_together() {
        assert_eq!(*Text::new(json!("a")).around("b/", "/c").value(), json!("b/a/c"));
        assert_eq!(*Text::new(json!("a${b")).around("", "/c").value(), json!("a${b/c"));
        let sub = |text: &str| json!({"Fn::Sub": text});
        check(json!("a"), &sub("<${AWS::Region}:a.fifo>"));
        check(json!({"Ref": "A"}), &sub("<${AWS::Region}:${A}.fifo>"));
        check(json!({"Fn::GetAtt": ["A", "Arn"]}), &sub("<${AWS::Region}:${A.Arn}.fifo>"));
        check(json!({"Fn::GetAtt": "A.Arn"}), &sub("<${AWS::Region}:${A.Arn}.fifo>"));
        check(json!({"Fn::Sub": "${P}-a"}), &sub("<${AWS::Region}:${P}-a.fifo>"));
        check(
            json!({"Fn::Sub": ["${P}-a", {"P": 1}]}),
            &json!({"Fn::Sub": ["<${AWS::Region}:${P}-a.fifo>", {"P": 1}]}),
        );
        check(
            json!({"Fn::ImportValue": "x"}),
            &json!({"Fn::Sub": ["<${AWS::Region}:${Text}.fifo>", {"Text": {"Fn::ImportValue": "x"}}]}),
        );
        check(
            json!({"Fn::If": ["C", "a", {"Ref": "AWS::NoValue"}]}),
            &json!({"Fn::If": ["C", sub("<${AWS::Region}:a.fifo>"), {"Ref": "AWS::NoValue"}]}),
        );
    }
}

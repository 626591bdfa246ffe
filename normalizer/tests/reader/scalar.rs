//! Scalars with their JSON type, as written and as read back.

use super::decimal::{Decimal, double_carries};
use serde_json::Value;
use std::collections::BTreeMap;

/// One scalar that is not null.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    Boolean(bool),
    /// A number as text: of the source, of a `number` column, of JSON text.
    Number(String),
    /// A number of a `bigint` column.
    Bigint(i64),
    /// A number of a `double` column.
    Double(f64),
    String(String),
}

/// A record's scalars by JSON Pointer, positions in arrays included: each place holds one.
pub type Scalars = BTreeMap<String, Scalar>;

impl Scalar {
    /// Whether `found`, read back, is this scalar of the source.
    pub fn is(&self, found: &Scalar) -> bool {
        match (self, found) {
            (Scalar::Number(text), Scalar::Bigint(value)) => *text == value.to_string(),
            (Scalar::Number(text), Scalar::Double(value)) => double_carries(text, *value),
            (Scalar::Number(text), Scalar::Number(found)) => {
                text == found || Decimal::parse(text) == Decimal::parse(found)
            }
            (expected, found) => expected == found,
        }
    }
}

/// Appends `/key`, escaped.
pub fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
}

/// All scalars of `value`, which stands at `pointer`.
pub fn flatten(value: &Value, pointer: &str, out: &mut dyn FnMut(String, Scalar)) {
    match value {
        Value::Null => {}
        Value::Bool(value) => out(pointer.to_owned(), Scalar::Boolean(*value)),
        Value::Number(number) => out(pointer.to_owned(), Scalar::Number(number.to_string())),
        Value::String(text) => out(pointer.to_owned(), Scalar::String(text.clone())),
        Value::Array(elements) => {
            for (i, element) in elements.iter().enumerate() {
                flatten(element, &format!("{pointer}/{i}"), out);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                let mut inner = pointer.to_owned();
                push_key(&mut inner, key);
                flatten(value, &inner, out);
            }
        }
    }
}

/// What is different between the source and what was read back, a line a place.
pub fn differences(expected: &Scalars, found: &Scalars) -> Vec<String> {
    let mut lines = Vec::new();
    for (pointer, scalar) in expected {
        match found.get(pointer) {
            Some(there) if scalar.is(there) => {}
            Some(there) => lines.push(format!("{pointer:?}: {scalar:?} was read as {there:?}")),
            None => lines.push(format!("{pointer:?}: {scalar:?} is lost")),
        }
    }
    for (pointer, scalar) in found {
        if !expected.contains_key(pointer) {
            lines.push(format!("{pointer:?}: {scalar:?} came from nowhere"));
        }
    }
    lines
}

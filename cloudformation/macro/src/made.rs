//! Plain resources that were made of one of Sluice's.

use serde_json::{Map, Value, json};

/// A resource of CloudFormation's own.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) id: String,
    /// Whether it has the id of the resource it was made of.
    pub(crate) is_main: bool,
    /// Whether it holds data, which may have to outlive the stack.
    pub(crate) holds_data: bool,
    kind: &'static str,
    properties: Value,
    skips: Vec<(&'static str, &'static str)>,
}

impl Made {
    /// `properties`: nulls in it are left out.
    pub(crate) fn new(id: String, kind: &'static str, properties: Value) -> Self {
        Made { id, is_main: false, holds_data: false, kind, properties, skips: Vec::new() }
    }

    /// It has the id of the resource it was made of.
    pub(crate) fn main(self) -> Self {
        Made { is_main: true, ..self }
    }

    pub(crate) fn holding_data(self) -> Self {
        Made { holds_data: true, ..self }
    }

    /// Tells checkov why one of its checks is not for this resource.
    pub(crate) fn skip(mut self, check: &'static str, because: &'static str) -> Self {
        self.skips.push((check, because));
        self
    }

    /// The resource as it stands in a template. `metadata`: of the resource it was made of.
    pub(crate) fn resource(self, metadata: Option<&Value>) -> Map<String, Value> {
        let mut resource = Map::new();
        resource.insert("Type".to_owned(), self.kind.into());
        resource.insert("Properties".to_owned(), without_nulls(self.properties));
        if let Some(metadata) = merged(metadata, &self.skips) {
            resource.insert("Metadata".to_owned(), metadata);
        }
        resource
    }
}

/// A resource's own metadata and checkov's skips, those of the author first.
fn merged(metadata: Option<&Value>, skips: &[(&str, &str)]) -> Option<Value> {
    if skips.is_empty() {
        return metadata.cloned();
    }
    let mut merged = metadata.and_then(Value::as_object).cloned().unwrap_or_default();
    let checkov = merged.entry("checkov").or_insert_with(|| json!({}));
    if let Some(checkov) = checkov.as_object_mut() {
        let listed = checkov.entry("skip").or_insert_with(|| json!([]));
        if let Some(listed) = listed.as_array_mut() {
            for (id, comment) in skips {
                listed.push(json!({"id": id, "comment": comment}));
            }
        }
    }
    Some(Value::Object(merged))
}

/// In a template null has no meaning, so it can stand for "left out".
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_nulls).collect()),
        value => value,
    }
}

//! The parameters' values, as far as they are known before the stack is made.

use serde_json::{Map, Value};

/// A template's parameters: what CloudFormation (or a person) says, else their defaults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameters<'t> {
    declared: Option<&'t Map<String, Value>>,
    given: &'t Map<String, Value>,
}

impl<'t> Parameters<'t> {
    pub(crate) fn new(template: &'t Map<String, Value>, given: &'t Map<String, Value>) -> Self {
        Parameters { declared: template.get("Parameters").and_then(Value::as_object), given }
    }

    /// All values, those given and the defaults of the others.
    pub(crate) fn values(&self) -> Map<String, Value> {
        let defaults =
            self.declared.into_iter().flatten().filter_map(|(name, declared)| {
                Some((name.clone(), declared.get("Default")?.clone()))
            });
        let given = self.given.iter().map(|(name, value)| (name.clone(), value.clone()));
        defaults.chain(given).collect()
    }

    /// None for what is no parameter, has no value yet, whose value is only a name to look up, or is not
    /// to be shown: it would stand in faults and in what is expanded.
    pub(crate) fn value(&self, name: &str) -> Option<&'t Value> {
        let declared = self.declared?.get(name)?;
        let kind = declared.get("Type").and_then(Value::as_str).unwrap_or_default();
        let hidden = declared.get("NoEcho").is_some_and(|flag| flag == true || flag == "true");
        if hidden || kind.starts_with("AWS::SSM::") {
            return None;
        }
        self.given.get(name).or_else(|| declared.get("Default"))
    }
}

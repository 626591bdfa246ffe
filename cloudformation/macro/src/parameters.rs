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

    /// As CloudFormation, or a person, says.
    pub(crate) fn given(&self) -> &'t Map<String, Value> {
        self.given
    }

    /// None for what is no parameter, has no value yet, or whose value is only a name to look up.
    pub(crate) fn value(&self, name: &str) -> Option<&'t Value> {
        let declared = self.declared?.get(name)?;
        let kind = declared.get("Type").and_then(Value::as_str).unwrap_or_default();
        if kind.starts_with("AWS::SSM::") {
            return None;
        }
        self.given.get(name).or_else(|| declared.get("Default"))
    }
}

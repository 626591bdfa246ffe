//! A whole template from a file: what CloudFormation does around the macro.

use crate::expand::expand;
use crate::fault::{Fault, Faults};
use serde_json::{Map, Value};

/// The macro's name.
const TRANSFORM: &str = "Sluice";

/// Expands a template with its `Transform`, from which `Sluice` is taken. A template that does not ask
/// for `Sluice` passes unchanged. `parameters`: as [`expand`] has them.
///
/// # Errors
/// [`Faults`]: everything that is wrong.
pub fn expand_template(
    mut template: Value,
    parameters: &Map<String, Value>,
) -> Result<Value, Faults> {
    let declared = template.get("Parameters").and_then(Value::as_object);
    let is_unknown = |name: &&String| !declared.is_some_and(|all| all.contains_key(*name));
    let unknown = parameters.keys().filter(is_unknown);
    let told = unknown.map(|name| Fault::new(format!("the template has no parameter {name}")));
    Faults::none_in(told.collect())?;
    if template.as_object_mut().is_some_and(take_transform) {
        return expand(&template, parameters);
    }
    let resources = template.get("Resources").and_then(Value::as_object).into_iter().flatten();
    let ours = resources.filter(|(_, resource)| {
        let kind = resource.get("Type").and_then(Value::as_str);
        kind.is_some_and(|kind| kind.starts_with("Sluice::"))
    });
    let told = ours.map(|(id, _)| {
        Fault::of_resource(id, "a type of Sluice needs `Transform: Sluice` at the template's top")
    });
    Faults::none_in(told.collect())?;
    Ok(template)
}

/// Takes `Sluice` from the transforms; false when it is none of them.
fn take_transform(sections: &mut Map<String, Value>) -> bool {
    match sections.get_mut("Transform") {
        Some(Value::String(name)) if name == TRANSFORM => {
            sections.remove("Transform");
            true
        }
        Some(Value::Array(names)) => {
            let before = names.len();
            names.retain(|name| name != TRANSFORM);
            let taken = names.len() < before;
            if names.is_empty() {
                sections.remove("Transform");
            }
            taken
        }
        _ => false,
    }
}

//! A template with Sluice's types to one without.

use crate::api::Api;
use crate::fault::{Fault, Faults, shown};
use crate::function::Function;
use crate::limits::RESOURCES_MAX;
use crate::made::Made;
use crate::mismatch::tell_mismatches;
use crate::parameters::Parameters;
use crate::properties::Reading;
use crate::queue::Queue;
use crate::resource::Resource;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What the types of resources that are expanded begin with.
const NAMESPACE: &str = "Sluice::";

/// Expands a template as CloudFormation hands it to a macro: as JSON, with intrinsic functions in their
/// long form, without its `Transform`. `parameters`: values of the template's parameters; where one is
/// missing, its default counts.
///
/// # Errors
/// [`Faults`]: everything that is wrong with the resources of Sluice's types.
pub fn expand(template: &Value, parameters: &Map<String, Value>) -> Result<Value, Faults> {
    let sections = template.as_object().ok_or_else(|| {
        Fault::new(format!("the template is {}: an object with Resources", shown(template)))
    })?;
    let resources = object(sections, "Resources").ok_or_else(|| {
        Fault::new(
            "Resources is missing: an object of resources (Sluice transforms whole templates)",
        )
    })?;
    let reading = Reading::new(Parameters::new(sections, parameters));
    let made = made_of(sections, resources, &reading);
    Faults::none_in(reading.into_faults())?;
    let mut expanded = sections.clone();
    expanded.insert("Resources".to_owned(), Value::Object(made));
    Ok(Value::Object(expanded))
}

fn made_of<'t>(
    sections: &Map<String, Value>,
    resources: &'t Map<String, Value>,
    reading: &'t Reading<'t>,
) -> Map<String, Value> {
    let known_by = evaluated_by(sections, reading.parameters);
    let mut all = Map::new();
    let (mut queues, mut functions) = (BTreeMap::new(), BTreeMap::new());
    for (id, given) in resources {
        let kind = given.get("Type").and_then(Value::as_str).unwrap_or_default();
        let (Some(sluice), Some(given)) = (kind.strip_prefix(NAMESPACE), given.as_object()) else {
            if id.starts_with("Fn::ForEach::") && has_ours(given) {
                let text =
                    "a type of Sluice within: it is not expanded there, write the resources out";
                reading.fault(Fault::of_resource(id, text));
            }
            all.insert(id.clone(), given.clone());
            continue;
        };
        let Some(resource) = Resource::new(id, given, reading) else { continue };
        let made = match sluice {
            "Queue" => Queue::read(&resource.properties(reading)).map(|queue| {
                let made = queue.expand(id);
                queues.insert(id.as_str(), queue);
                made
            }),
            "Function" => Function::read(&resource.properties(reading)).map(|function| {
                let made = function.expand(id);
                functions.insert(id.as_str(), function);
                made
            }),
            "Api" => Api::read(&resource.properties(reading)).map(|api| api.expand(id, &known_by)),
            _ => {
                let text = format!(
                    "Type is \"{kind}\": one of Sluice::Api, Sluice::Function, Sluice::Queue"
                );
                reading.fault(Fault::of_resource(id, text));
                None
            }
        };
        for made in made.into_iter().flatten() {
            let there = [Some(resources), Some(&all), object(sections, "Parameters")];
            tell_clash(&resource, &made, &there, reading);
            let (id, value) = resource.dress(made);
            all.insert(id, value);
        }
        // Some bytes of a template make many: what nobody can deploy is not made in memory first.
        if all.len() > RESOURCES_MAX {
            let text = format!(
                "with what it makes there are more than {RESOURCES_MAX} resources, which is all that \
                 CloudFormation takes of a template"
            );
            reading.fault(Fault::of_resource(id, text));
            break;
        }
    }
    tell_mismatches(&queues, &functions, reading);
    all
}

/// All by which CloudFormation evaluates intrinsic functions, as far as the template and its parameters tell.
fn evaluated_by(sections: &Map<String, Value>, parameters: Parameters<'_>) -> String {
    let tables = ["Conditions", "Mappings"].map(|name| sections.get(name).map(Value::to_string));
    let parameters = Value::Object(parameters.values()).to_string();
    [Some(parameters)].into_iter().chain(tables).flatten().collect()
}

fn object<'v>(sections: &'v Map<String, Value>, name: &str) -> Option<&'v Map<String, Value>> {
    sections.get(name).and_then(Value::as_object)
}

/// Whether a resource of Sluice's types is somewhere in a loop.
fn has_ours(value: &Value) -> bool {
    match value {
        Value::Object(map) => {
            let kind = map.get("Type").and_then(Value::as_str).unwrap_or_default();
            kind.starts_with(NAMESPACE) || map.values().any(has_ours)
        }
        Value::Array(list) => list.iter().any(has_ours),
        _ => false,
    }
}

/// A made resource has an id of its own.
fn tell_clash(
    of: &Resource<'_>,
    made: &Made,
    there: &[Option<&Map<String, Value>>],
    reading: &Reading<'_>,
) {
    if made.id != of.id && there.iter().flatten().any(|names| names.contains_key(&made.id)) {
        let text = format!("it makes {}, which is there already: rename one of the two", made.id);
        reading.fault(Fault::of_resource(of.id, text));
    }
}

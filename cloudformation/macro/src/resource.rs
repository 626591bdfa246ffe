//! A resource of one of Sluice's types: its attributes, and how they are handed on.

use crate::fault::{Fault, shown};
use crate::made::Made;
use crate::properties::{Properties, Reading};
use serde_json::{Map, Value};

/// What a resource may have beside its type and properties.
const ATTRIBUTES: [&str; 5] =
    ["Condition", "DeletionPolicy", "DependsOn", "Metadata", "UpdateReplacePolicy"];

/// A resource as the template has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource<'t> {
    pub(crate) id: &'t str,
    given: &'t Map<String, Value>,
    properties: &'t Map<String, Value>,
}

impl<'t> Resource<'t> {
    /// None when it has no properties, which is told.
    pub(crate) fn new(
        id: &'t str,
        given: &'t Map<String, Value>,
        reading: &Reading<'t>,
    ) -> Option<Self> {
        let named = |name: &&String| *name != "Type" && *name != "Properties";
        for name in given.keys().filter(named).filter(|name| !ATTRIBUTES.contains(&name.as_str())) {
            let known = ATTRIBUTES.join(", ");
            let text = format!("{name} is not known: there is Type, Properties, {known}");
            reading.fault(Fault::of_resource(id, text));
        }
        if let Some(metadata) = given.get("Metadata").filter(|metadata| !metadata.is_object()) {
            let text = format!("Metadata is {}: an object", shown(metadata));
            reading.fault(Fault::of_resource(id, text));
        }
        let properties = match given.get("Properties") {
            Some(Value::Object(properties)) => properties,
            found => {
                let found = found.map_or_else(|| "missing".to_owned(), shown);
                let text = format!("Properties is {found}: an object of properties");
                reading.fault(Fault::of_resource(id, text));
                return None;
            }
        };
        Some(Resource { id, given, properties })
    }

    pub(crate) fn properties(&self, reading: &'t Reading<'t>) -> Properties<'t> {
        Properties::new(self.id, self.properties, reading)
    }

    /// A made resource with the attributes that this one hands on.
    pub(crate) fn dress(&self, made: Made) -> (String, Value) {
        let (id, is_main, holds_data) = (made.id.clone(), made.is_main, made.holds_data);
        let mut resource = made.resource(self.given.get("Metadata"));
        let mut hand_on = |name: &str| {
            if let Some(value) = self.given.get(name) {
                resource.insert(name.to_owned(), value.clone());
            }
        };
        hand_on("Condition");
        if is_main {
            hand_on("DependsOn");
        }
        if holds_data {
            hand_on("DeletionPolicy");
            hand_on("UpdateReplacePolicy");
        }
        (id, Value::Object(resource))
    }
}

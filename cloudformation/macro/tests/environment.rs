//! The functions are told what they read: the environment in `functions.yaml` against
//! `lake-functions/aws/src/config.rs`.

use serde_json::Value;
use sluice_template::read_template;
use std::collections::BTreeSet;

const CONFIG: &str = include_str!("../../../lake-functions/aws/src/config.rs");
const FUNCTIONS: &str = include_str!("../../functions.yaml");

/// The variables that a text names in its docs.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split("`SLUICE_").skip(1).filter_map(|rest| rest.split('`').next());
    names.filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
}

#[test]
fn each_function_is_told_what_it_needs() {
    let template = read_template(FUNCTIONS).expect("a template");
    let known: BTreeSet<&str> = named(CONFIG).collect();
    let mut functions = 0;
    for (name, resource) in template["Resources"].as_object().expect("resources") {
        let Value::Object(environment) = &resource["Properties"]["Environment"] else { continue };
        functions += 1;
        let told = environment.keys().map(|key| key.strip_prefix("SLUICE_").expect("ours"));
        let told: BTreeSet<&str> = told.collect();
        let head = format!("pub struct {name}Config {{");
        let config = CONFIG.split(&head).nth(1).and_then(|rest| rest.split("\n}").next());
        for field in config.expect("the function's configuration").split("\n    pub ") {
            let left_out = field.contains("can be left out");
            for needed in named(field).filter(|_| !left_out) {
                assert!(told.contains(needed), "{name} is not told SLUICE_{needed}");
            }
        }
        let unknown: Vec<_> = told.difference(&known).collect();
        assert!(unknown.is_empty(), "{name} is told what nobody reads: {unknown:?}");
    }
    assert_eq!(functions, 4);
}

//! Whatever a template says, it is expanded or its faults are told: nothing panics.

use serde_json::{Map, Value, json};
use sluice_template::{expand, read_template};

const QUEUES: &str = include_str!("templates/queues.yaml");
const FUNCTIONS: &str = include_str!("templates/functions.yaml");
const API: &str = include_str!("api/conditions.yaml");

/// The pointers of all values within.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    let mut visit = |name: &str, value: &Value| {
        let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        all.push(place.clone());
        places(value, &place, all);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| visit(name, value)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| visit(&at.to_string(), value));
        }
        _ => {}
    }
}

#[test]
fn odd_values_anywhere() {
    let odd = [
        json!(null),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("ä${"),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"Ref": 5}),
        json!({"Ref": "AWS::NoValue"}),
        json!({"Fn::If": []}),
        json!({"Fn::If": ["A", {"Fn::If": ["B", [], {}]}, {"Ref": "AWS::NoValue"}]}),
        json!({"Fn::Sub": []}),
        json!({"Fn::Sub": ["${A}", 5]}),
        json!({"Fn::GetAtt": "A"}),
    ];
    let mut tries = 0;
    for text in [QUEUES, FUNCTIONS, API] {
        let template = read_template(text).expect("a template");
        let mut all = vec![String::new()];
        places(&template, "", &mut all);
        for place in all {
            for value in &odd {
                let mut changed = template.clone();
                *changed.pointer_mut(&place).expect("a place") = value.clone();
                // Faults or none; the text of either can be made.
                let _ = expand(&changed, &Map::new()).map_err(|faults| faults.to_string());
                tries += 1;
            }
        }
    }
    assert!(tries > 1_000, "{tries}");
}

#[test]
fn texts_cut_and_spoiled_anywhere() {
    for text in [QUEUES, FUNCTIONS, API] {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        // A prime apart: every kind of place comes up.
        for at in places.into_iter().step_by(11) {
            let _ = read_template(&text[..at]);
            for spoil in ["\t", "!", "*", "[", "\"", ": ", "\0", "ä", "\n-"] {
                let spoiled = format!("{}{spoil}{}", &text[..at], &text[at..]);
                let _ = read_template(&spoiled).map_err(|faults| faults.to_string());
            }
        }
    }
}

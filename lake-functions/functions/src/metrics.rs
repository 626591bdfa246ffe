//! Metrics in CloudWatch's embedded format: lines of the log that CloudWatch counts. One dimension,
//! the function: a metric per table would cost by the table (D9).

use crate::log::write;
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is counted of a call: name, unit as CloudWatch spells it, value.
pub(crate) type Figure = (&'static str, &'static str, f64);

/// Writes the figures of a call. `ids`: what they are about, to be found in the log, not counted by.
pub(crate) fn write_metrics(function: &str, figures: &[Figure], ids: Map<String, Value>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    write(&line(function, figures, ids, u64::try_from(now).unwrap_or(0)));
}

fn line(function: &str, figures: &[Figure], ids: Map<String, Value>, now_ms: u64) -> Value {
    let definition = |(name, unit, _): &Figure| json!({"Name": name, "Unit": unit});
    let definitions: Vec<Value> = figures.iter().map(definition).collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now_ms,
            "CloudWatchMetrics": [{
                "Namespace": "Sluice",
                "Dimensions": [["Function"]],
                "Metrics": definitions,
            }],
        }),
    );
    line.insert("Function".to_owned(), function.into());
    line.extend(ids);
    for (name, _, value) in figures {
        line.insert((*name).to_owned(), (*value).into());
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::line;
    use serde_json::{Map, json};

    #[test]
    fn the_line_is_as_cloudwatch_documents_it() {
        let mut ids = Map::new();
        ids.insert("batch".to_owned(), "b1".into());
        let figures = [("Rows", "Count", 3.0), ("Duration", "Milliseconds", 1.5)];
        let expected = json!({
            "_aws": {"Timestamp": 7, "CloudWatchMetrics": [{
                "Namespace": "Sluice", "Dimensions": [["Function"]], "Metrics": [
                    {"Name": "Rows", "Unit": "Count"},
                    {"Name": "Duration", "Unit": "Milliseconds"},
                ],
            }]},
            "Function": "normalizer", "batch": "b1", "Rows": 3.0, "Duration": 1.5,
        });
        assert_eq!(line("normalizer", &figures, ids, 7), expected);
    }
}

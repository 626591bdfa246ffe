//! Metrics in CloudWatch's embedded format: lines of the log that CloudWatch counts. One dimension,
//! the function: a metric per table would cost by the table (D9).

use crate::log::write;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is counted of a call: name, unit as CloudWatch spells it, value.
pub(crate) type Figure = (&'static str, &'static str, f64);

/// Counts an invocation of a function; each function calls it first. `ColdStart` is 1 for the first
/// one of a process and 0 after it, so that its sum is the cold starts and its average their share.
pub(crate) fn count_invocation(function: &str) {
    static WARM: AtomicBool = AtomicBool::new(false);
    write_metrics(function, &[cold_start(&WARM)], Map::new());
}

fn cold_start(warm: &AtomicBool) -> Figure {
    let cold = !warm.swap(true, Ordering::Relaxed);
    ("ColdStart", "Count", f64::from(u8::from(cold)))
}

/// Writes the figures of a call. `ids`: what they are about, to be found in the log, not counted by.
pub(crate) fn write_metrics(function: &str, figures: &[Figure], ids: Map<String, Value>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    write(&line(function, figures, ids, u64::try_from(now).unwrap_or(0)));
}

/// Writes those figures that are not 0, of a function that a schedule calls: a metric costs for each
/// hour in which it is written, and most hours nothing happens (D9).
pub(crate) fn write_what_happened(function: &str, figures: &[Figure]) {
    let happened: Vec<Figure> =
        figures.iter().copied().filter(|(_, _, value)| *value != 0.0).collect();
    if !happened.is_empty() {
        write_metrics(function, &happened, Map::new());
    }
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
    use super::{cold_start, line};
    use serde_json::{Map, json};
    use std::sync::atomic::AtomicBool;

    #[test]
    fn the_first_invocation_of_a_process_is_a_cold_start() {
        let warm = AtomicBool::new(false);
        let counted: Vec<_> = (0..3).map(|_| cold_start(&warm)).collect();
        assert_eq!(counted, [1.0, 0.0, 0.0].map(|count| ("ColdStart", "Count", count)));
    }

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

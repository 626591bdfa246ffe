//! What a run writes and what it says.

use crate::sandbox::{Sandbox, ndjson, untimed};
use serde_json::json;
use std::process::Stdio;

/// Small batches of orders, with a child table, a conflict, and columns that appear late.
fn orders() -> String {
    ndjson(0..400, |n| match n % 5 {
        0 => format!(r#"{{"id":{n},"late_{}":true}}"#, n / 100),
        1 => format!(r#"{{"id":"no {n}"}}"#),
        _ => format!(r#"{{"id":{n},"items":[{{"count":{n}}},{{"count":2}}]}}"#),
    })
}

#[test]
fn the_summary_tells_tables_columns_conflicts_and_rejects() {
    let sandbox = Sandbox::new();
    let lines = r#"{"id":1,"items":[{"sku":"a"},{"sku":"b"}],"user":{"name":"Ada"}}
{"id":"two"}
{"id":
[]
"#;
    sandbox.write("orders.ndjson", lines);
    let summary = sandbox.run("normalize --table Orders --out lake orders.ndjson").ok();
    let expected = r#"table          rows  columns  new
orders            2        3    3
orders__items     2        1    1

new columns
  orders
    id bigint, user__name string, id__string string
  orders__items
    sku string

conflicts: one path, several kinds, a column for each
  orders /id
    bigint in id, string in id__string

rejects
  malformed_json  1
  not_an_object   1
  they are rows of sluice_rejects, with reason and content:
    duckdb -c "SELECT code, message, content FROM 'lake/sluice_rejects/**/*.parquet'"

4 records in 1 document; 1 batch, 3 parts in lake"#;
    assert_eq!(untimed(&summary), expected);
    assert!(summary.lines().all(|line| line.len() <= 100));
}

#[test]
fn the_json_summary_tells_the_same() {
    let sandbox = Sandbox::new();
    sandbox.write("t.ndjson", "{\"a\":1}\n{\"a\":\"x\"}\n1\n");
    let command = "normalize --table t --out lake --format json --received-at 2024-11-20 t.ndjson";
    let mut summary = sandbox.run(command).json();
    let keys = ["seconds", "mb_per_second", "output_bytes"];
    for key in keys {
        let taken = summary[key].take();
        assert!(taken.as_f64().is_some_and(|number| number > 0.0), "{key}: {taken}");
    }
    let batches = summary["batches"].take();
    let expected = json!({
        "table": "t",
        "out": "lake",
        "generation": 1,
        "registry_version": 1,
        "received_at": "2024-11-20T00:00:00.000Z",
        "documents": 1,
        "records": 3,
        "rejected_documents": 0,
        "tables": [{
            "name": "t",
            "rows": 2,
            "columns": 2,
            "new_columns": [
                {"name": "a", "path": "/a", "kind": "bigint"},
                {"name": "a__string", "path": "/a", "kind": "string"},
            ],
        }],
        "conflicts": [{
            "table": "t",
            "path": "/a",
            "kinds": ["bigint", "string"],
            "columns": ["a", "a__string"],
        }],
        "rejects": {"not_an_object": 1},
        "already_there": {"documents": 0, "input_bytes": 0, "batches": 0, "rejects": {}},
        "parts": 2,
        "input_bytes": 20,
        "read_bytes": 20,
        "output_bytes": null,
        "seconds": null,
        "mb_per_second": null,
        "batches": null,
        "unfinished": [],
    });
    assert_eq!(summary, expected);
    assert_eq!(batches[0]["state"], "written");
    assert_eq!(batches[0]["version"], 1);
    let plan = format!("_plans/t/g1/{}.json", batches[0]["batch"].as_str().expect("an id"));
    assert!(sandbox.files("lake").contains_key(&plan));
}

#[test]
fn the_lake_is_laid_out_as_hive_reads_it() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", r#"{"a":[{"b":1}]}"#);
    let command = "normalize --table T --out lake --received-at 2024-11-20T23:59:59.999Z a.json";
    let summary = sandbox.run(&format!("{command} --format json")).json();
    let batch = summary["batches"][0]["batch"].as_str().expect("an id");
    let files: Vec<_> = sandbox.files("lake").into_keys().collect();
    let expected = [
        format!("_plans/t/g1/{batch}.json"),
        "_registry/t/g1/1.json".to_owned(),
        format!("t/g1/tier=live/ingest_date=2024-11-20/{batch}.parquet"),
        format!("t__a/g1/tier=live/ingest_date=2024-11-20/{batch}.parquet"),
    ];
    assert_eq!(files, expected);
}

#[test]
fn a_second_run_writes_nothing_new() {
    let sandbox = Sandbox::new();
    sandbox.write("orders.ndjson", orders());
    let command = "normalize --table orders --out lake --batch-size 2KB orders.ndjson";
    sandbox.run(command).ok();
    let files = sandbox.files("lake");
    let again = sandbox.run(command).ok();
    let expected = "nothing new\n8 documents already there, in 8 batches";
    assert_eq!(untimed(&again), expected);
    assert_eq!(sandbox.files("lake"), files);
}

#[test]
fn the_same_input_gives_the_same_bytes_whatever_the_threads() {
    let sandbox = Sandbox::new();
    sandbox.write("orders.ndjson", orders());
    let command =
        "normalize --table orders --batch-size 1KB --received-at 2024-11-20 orders.ndjson";
    sandbox.run(&format!("{command} --out one --threads 1")).ok();
    let files = sandbox.files("one");
    assert!(files.contains_key("_registry/orders/g1/4.json"), "columns appear over time");
    for lake in ["four", "four-again", "four-once-more"] {
        sandbox.run(&format!("{command} --out {lake} --threads 4")).ok();
        assert_eq!(sandbox.files(lake), files);
    }
}

#[test]
fn a_later_run_goes_on_from_the_registry_it_finds() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", r#"{"a":1}"#);
    sandbox.write("b.json", r#"{"a":2,"b":1}"#);
    sandbox.run("normalize --table t --out lake a.json").ok();
    let registry = sandbox.files("lake")["_registry/t/g1/1.json"].clone();
    let summary = sandbox.run("normalize --table t --out lake a.json b.json --format json").json();
    assert_eq!(summary["registry_version"], 2);
    assert_eq!(summary["documents"], 1, "a.json is there already");
    assert_eq!(summary["already_there"]["documents"], 1);
    let new_columns = &summary["tables"][0]["new_columns"];
    assert_eq!(*new_columns, json!([{"name": "b", "path": "/b", "kind": "bigint"}]));
    assert_eq!(sandbox.files("lake")["_registry/t/g1/1.json"], registry, "versions are immutable");
}

#[test]
fn an_input_given_twice_counts_once() {
    let sandbox = Sandbox::new();
    sandbox.write("a.ndjson", "{\"a\":1}\n{\"a\":2}\n");
    let summary = sandbox.run("normalize --table t --out lake a.ndjson a.ndjson").ok();
    assert!(summary.contains("2 records in 1 document; 1 batch, 1 part in lake"), "{summary}");
    assert!(summary.contains("\n1 document already there\n"), "{summary}");
}

#[test]
fn an_input_that_changed_is_refused_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", r#"{"a":1}"#);
    sandbox.run("normalize --table t --out lake a.json").ok();
    let files = sandbox.files("lake");
    sandbox.write("a.json", r#"{"a":2}"#);
    let said = sandbox.run("normalize --table t --out lake a.json").failed(1);
    let expected = "error: normalize into lake: a.json changed at byte 0 since it was normalized\n  \
                    next: put what is new into a file of its own, or normalize the file as it is \
                    now into an empty --out: under another name all of it would be stored, once \
                    more what did not change\n";
    assert_eq!(said, expected);
    assert_eq!(sandbox.files("lake"), files);

    // Another table does not know the file yet.
    sandbox.run("normalize --table u --out lake a.json").ok();
}

#[test]
fn an_input_cut_otherwise_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("orders.ndjson", orders());
    let command = "normalize --table orders orders.ndjson";
    sandbox.run(&format!("{command} --out lake --batch-size 2KB")).ok();
    let said = sandbox.run(&format!("{command} --out lake --batch-size 3KB")).failed(1);
    assert!(said.contains("if the file is the same, give --batch-size and"), "{said}");
    // Documents are cut the same way by any batch size that holds the whole file.
    sandbox.run(&format!("{command} --out other")).ok();
    sandbox.run(&format!("{command} --out other --batch-size 1MB")).ok();
}

#[test]
fn records_never_come_in_again_as_part_of_another_document() {
    let sandbox = Sandbox::new();
    let array = |numbers: std::ops::Range<u32>| {
        let elements: Vec<_> = numbers.map(|n| format!(r#"{{"n":{n}}}"#)).collect();
        format!("[{}]", elements.join(","))
    };
    let command = "normalize --table t --out lake a.json";
    // An array that fits one document begins with its bracket, a larger one with its first element.
    sandbox.write("a.json", array(0..200));
    sandbox.run(command).ok();
    let files = sandbox.files("lake");
    let refused = |command: &str| {
        let said = sandbox.run(command).failed(1);
        assert!(said.contains("a.json changed at byte "), "{said}");
        assert!(said.contains("if the file is the same, give --batch-size and"), "{said}");
        assert_eq!(sandbox.files("lake"), files);
    };
    refused(&format!("{command} --batch-size 1KB"));
    sandbox.write("a.json", array(0..1_000_000));
    refused(command);

    // The other way round: a document over the bytes of many.
    sandbox.write("a.json", array(0..200));
    let small = "normalize --table u --out lake a.json";
    sandbox.run(&format!("{small} --batch-size 1KB")).ok();
    let files = sandbox.files("lake");
    let said = sandbox.run(small).failed(1);
    assert!(said.contains("a.json changed at byte 0 "), "{said}");
    assert_eq!(sandbox.files("lake"), files);
}

#[test]
fn a_file_is_known_however_its_name_is_spelled() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", r#"{"a":1}"#);
    sandbox.write("x/b.json", r#"{"a":2}"#);
    let command = "normalize --table t --out lake --format json";
    let all = "a.json ./a.json .//a.json x/b.json x//b.json ./x/./b.json";
    let summary = sandbox.run(&format!("{command} {all}")).json();
    assert_eq!((&summary["documents"], &summary["records"]), (&json!(2), &json!(2)));
    let again = sandbox.run(&format!("{command} ././a.json .//x/b.json")).json();
    assert_eq!(again["documents"], 0);
    assert_eq!(again["already_there"]["documents"], 2);
    assert_eq!(sandbox.parts("lake").len(), 1);
}

#[test]
fn what_a_terminal_would_obey_is_printed_as_an_escape() {
    let sandbox = Sandbox::new();
    let key = r"\u001b[2J\u009b31m\u202e";
    sandbox.write(
        "a.ndjson",
        format!("{{\"{key}\":1}}\n{{\"{key}\":\"x\"}}\n{{\"{key}\":[{{\"b\":1}}]}}"),
    );
    let texts = [
        sandbox.run("normalize --table t --out lake a.ndjson").ok(),
        sandbox.run("schema lake").ok(),
        sandbox.run("normalize --table t --out lake \u{1b}[2J\u{9b}31m\u{202e}.json").failed(1),
    ];
    for text in texts {
        assert!(text.contains(r"\u{1b}[2J\u{9b}31m\u{202e}"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn small_files_share_a_batch() {
    let sandbox = Sandbox::new();
    let names: Vec<_> = (0..30).map(|n| format!("{n}.json")).collect();
    for name in &names {
        sandbox.write(name, format!(r#"{{"name":"{name:>90}"}}"#));
    }
    let command = "normalize --table t --out lake --batch-size 1KB --format json";
    let summary = sandbox.run(&format!("{command} {}", names.join(" "))).json();
    let of_batches = |key: &str| -> Vec<u64> {
        let batches = summary["batches"].as_array().expect("batches");
        batches.iter().filter_map(|batch| batch[key].as_u64()).collect()
    };
    assert_eq!(of_batches("documents"), [9, 9, 9, 3]);
    assert!(of_batches("input_bytes").into_iter().all(|bytes| bytes <= 1_000));
}

#[test]
fn an_empty_input_is_fine() {
    let sandbox = Sandbox::new();
    sandbox.write("empty.json", "");
    let summary = sandbox.run("normalize --table t --out lake empty.json").ok();
    assert!(summary.starts_with("0 records in 0 documents; 0 batches, 0 parts in lake\n"));
    assert_eq!(sandbox.files("lake").len(), 0);
}

#[test]
fn quiet_says_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", "{}");
    assert_eq!(sandbox.run("normalize --table t --out lake -q a.json").ok(), "");
    let json = sandbox.run("normalize --table t --out lake -q --format json a.json").json();
    assert_eq!(json["already_there"]["documents"], 1);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", "{}");
    let mut child = sandbox
        .command("normalize --table t --out lake a.json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start sluice");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("wait for sluice");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

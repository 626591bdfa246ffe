//! The forms in which documents come.

use crate::sandbox::{Sandbox, ndjson};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("compress");
    encoder.finish().expect("compress")
}

#[test]
fn gzip_is_told_by_its_bytes_and_may_have_members() {
    let sandbox = Sandbox::new();
    let (first, second) = ("{\"a\":1}\n{\"a\":2}\n", "{\"a\":3}\n");
    sandbox.write("plain.ndjson", format!("{first}{second}"));
    sandbox.write("packed", [gzip(first), gzip(second)].concat());
    let plain = sandbox.run("normalize --table t --out lake --format json plain.ndjson").json();
    let packed = sandbox.run("normalize --table t --out lake2 --format json packed").json();
    assert_eq!(packed["records"], 3);
    assert_eq!(packed["input_bytes"], plain["input_bytes"]);
    assert_ne!(packed["read_bytes"], plain["read_bytes"]);
}

#[test]
fn gzip_cut_short_fails_and_keeps_what_is_committed() {
    let sandbox = Sandbox::new();
    let whole = gzip(&ndjson(0..20_000, |n| format!(r#"{{"n":{n}}}"#)));
    sandbox.write("a.gz", &whole[..whole.len() - 20]);
    let command = "normalize --table t --out lake --batch-size 10KB a.gz";
    let said = sandbox.run(command).failed(1);
    assert!(said.starts_with("error: normalize into lake: read a.gz: "), "{said}");
    let committed = sandbox.parts("lake");
    assert!(!committed.is_empty());

    // The whole file goes on from there.
    sandbox.write("a.gz", whole);
    let summary = sandbox.run(&format!("{command} --format json")).json();
    let there = summary["already_there"]["documents"].as_u64().expect("a number");
    assert_eq!(there, committed.len() as u64);
    let parts = sandbox.parts("lake");
    assert!(committed.iter().all(|(key, bytes)| parts.get(key) == Some(bytes)));
}

#[test]
fn standard_input_is_known_by_its_content() {
    let sandbox = Sandbox::new();
    let command = "normalize --table t --out lake --format json -";
    let first = sandbox.run_with_stdin(command, b"{\"a\":1}\n").json();
    assert_eq!(first["documents"], 1);
    let other = sandbox.run_with_stdin(command, b"{\"a\":2}\n").json();
    assert_eq!(other["documents"], 1, "another stream is another document");
    let again = sandbox.run_with_stdin(command, b"{\"a\":1}\n").json();
    assert_eq!(again["documents"], 0);
    assert_eq!(again["already_there"]["documents"], 1);
    assert_eq!(sandbox.parts("lake").len(), 2);

    let packed = sandbox.run_with_stdin(command, &gzip("{\"a\":3}\n")).json();
    assert_eq!(packed["records"], 1);
}

#[test]
fn one_large_array_becomes_many_documents() {
    let sandbox = Sandbox::new();
    let elements: Vec<_> = (0..1_000).map(|n| format!(r#"{{"n":{n}}}"#)).collect();
    sandbox.write("a.json", format!("[{}]", elements.join(",\n")));
    let command = "normalize --table t --out lake --batch-size 2KB --format json a.json";
    let summary = sandbox.run(command).json();
    assert_eq!(summary["tables"][0]["rows"], 1_000);
    assert!(summary["documents"].as_u64().is_some_and(|documents| documents > 4), "{summary}");
}

#[test]
fn the_form_can_be_told() {
    let sandbox = Sandbox::new();
    sandbox.write("a", "{\"a\":1}\n{\"a\":2}\n");
    let found = sandbox.run("normalize --table t --out l1 --format json a").json();
    assert_eq!(found["tables"][0]["rows"], 2);
    let told = "normalize --table t --out l2 --format json --input-format ndjson a";
    assert_eq!(sandbox.run(told).json()["tables"][0]["rows"], 2);
}

#[test]
fn one_broken_first_line_is_one_reject() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", "{\"a\":[1\n{\"a\":2}\n{\"a\":3}\n");
    let summary = sandbox.run("normalize --table t --out lake --format json a.json").json();
    assert_eq!(summary["tables"][0]["rows"], 2);
    assert_eq!(summary["rejects"]["malformed_json"], 1);
}

#[test]
fn a_file_named_ndjson_is_lines_without_looking() {
    let sandbox = Sandbox::new();
    // By its text it is one object over three lines.
    let text = "{\"a\":\n{\"b\":1}\n}\n";
    sandbox.write("a.json", text);
    sandbox.write("a.ndjson", text);
    sandbox.write("a.jsonl.gz", gzip(text));
    let command = "normalize --table t --format json";
    let found = sandbox.run(&format!("{command} --out l1 a.json")).json();
    assert_eq!((&found["records"], &found["rejects"]), (&1.into(), &serde_json::json!({})));
    for (lake, name) in [("l2", "a.ndjson"), ("l3", "a.jsonl.gz")] {
        let named = sandbox.run(&format!("{command} --out {lake} {name}")).json();
        assert_eq!(
            (&named["records"], &named["rejects"]["malformed_json"]),
            (&3.into(), &2.into())
        );
    }
    let told = sandbox.run(&format!("{command} --out l4 --input-format json a.ndjson")).json();
    assert_eq!(told["records"], 1);
}

#[test]
fn formats_that_are_never_json_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a.zst", b"\x28\xb5\x2f\xfd\0\0\0\0");
    let said = sandbox.run("normalize --table t --out lake a.zst").failed(1);
    assert!(said.contains("a.zst is a zstd file, not JSON"), "{said}");
    assert!(said.contains("next: unpack it"), "{said}");
}

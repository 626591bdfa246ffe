//! Rejects are data; only `--strict` makes them a failure.

use crate::sandbox::Sandbox;

#[test]
fn rejects_alone_are_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.write("a.ndjson", "{\"a\":1}\nnot json\n");
    let summary = sandbox.run("normalize --table t --out lake a.ndjson").ok();
    assert!(summary.contains("rejects\n  malformed_json  1\n"), "{summary}");
    let keys: Vec<_> = sandbox.parts("lake").into_keys().collect();
    assert!(keys.iter().any(|key| key.starts_with("sluice_rejects/g1/tier=live/")), "{keys:?}");
}

#[test]
fn strict_fails_after_writing_everything() {
    let sandbox = Sandbox::new();
    sandbox.write("a.ndjson", "{\"a\":1}\nnot json\n");
    let command = "normalize --table t --out lake --strict a.ndjson";
    let first = sandbox.run(command);
    assert_eq!(first.code, 1, "{first:?}");
    assert!(first.stdout.contains("2 records in 1 document"), "{first:?}");
    assert_eq!(sandbox.parts("lake").len(), 2);

    // A retry must not turn the failure into a success.
    let again = sandbox.run(command);
    assert_eq!(again.code, 1, "{again:?}");
    assert!(again.stdout.contains("1 document already there, in 1 batch with 1 reject\n"));
}

#[test]
fn strict_without_rejects_succeeds() {
    let sandbox = Sandbox::new();
    sandbox.write("a.ndjson", "{\"a\":1}\n");
    sandbox.run("normalize --table t --out lake --strict a.ndjson").ok();
}

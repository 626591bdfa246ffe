//! Wrong calls, and what the command says about them.

use crate::sandbox::Sandbox;

#[test]
fn wrong_usage_exits_with_2_and_says_why() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", "{}");
    sandbox.write("bad.yaml", "tabels: {}\n");
    let normalize = "normalize --table t --out lake a.json";
    let cases = [
        ("", "Usage: sluice"),
        ("normalise", "unrecognized subcommand"),
        ("normalize --table t --out lake", "<FILE>..."),
        ("normalize --out lake a.json", "--table <NAME>"),
        ("normalize --table a__b --out lake a.json", "no double _"),
        ("normalize --table sluice_x --out lake a.json", "belong to the platform"),
        (&format!("{normalize} --received-at yesterday"), "not a time like 2026-11-20T09:30:00Z"),
        (&format!("{normalize} --batch-size 65MB"), "a batch has 1000 to 64000000 bytes"),
        (&format!("{normalize} --threads 0"), "not a number from 1 to 256"),
        (&format!("{normalize} --input-format csv"), "[possible values: json, ndjson]"),
        (
            &format!("{normalize} --config none.yaml"),
            "error: read settings none.yaml: No such file",
        ),
        (&format!("{normalize} --config bad.yaml"), "error: use settings bad.yaml: "),
        (&format!("{normalize} - -"), "standard input (-) is given twice"),
        ("put t", "<FILE>..."),
        ("put a__b a.json", "no double _"),
        ("put t - -", "standard input (-) is given twice"),
        ("put t a.json --body-size 11MB", "a body has 1000 to 10000000 bytes"),
        ("put t a.json --connections 0", "not a number from 1 to 64"),
        ("put t a.json --wait-timeout 5", "e.g. 500ms, 90s, 10m or 2h"),
        ("put t a.json --endpoint 127.0.0.1:8080", "not a URL like http://127.0.0.1:8080"),
        ("put t a.json --token-file none", "read the token file none: No such file"),
        ("query --format xml x", "[possible values: table, json, csv, ndjson]"),
        ("query -", "the SQL is empty"),
        ("document t", "<ID>"),
        ("document t a/b", "a document id has 1 to 128 characters"),
        ("rejects --limit 0", "1..=10000"),
        ("up --listen 8080", "not an address and a port like 127.0.0.1:8080"),
        ("up --config none.yaml", "error: read settings none.yaml: No such file"),
        ("up --config bad.yaml", "error: use settings bad.yaml: "),
        ("up --listen 0.0.0.0:0", "callers need tokens"),
        ("up --token-file none", "token file none"),
        ("demo --keep .", "--keep . is not empty"),
        ("schema lake --ddl athena", "--location <s3://BUCKET>"),
        ("schema lake --location s3://b", "--ddl <DDL>"),
        ("schema lake --ddl athena --location bucket", "not a location like s3://my-lake"),
    ];
    for (command, expected) in cases {
        let said = sandbox.run(command).failed(2);
        assert!(said.contains(expected), "{command}\n{said}");
    }
    for folder in ["lake", "sluice-data"] {
        assert!(!sandbox.path(folder).exists(), "wrong usage creates nothing");
    }
}

#[test]
fn a_time_of_receipt_after_tomorrow_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", "{}");
    let day = |days: i64| (chrono::Utc::now() + chrono::Duration::days(days)).format("%Y-%m-%d");
    let command = "normalize --table t --out lake a.json --received-at";
    for later in [day(3).to_string(), "9999-12-31T23:59:59Z".to_owned()] {
        let said = sandbox.run(&format!("{command} {later}")).failed(2);
        assert!(said.contains("--received-at is after tomorrow (UTC)"), "{said}");
    }
    assert!(!sandbox.path("lake").exists(), "wrong usage creates nothing");
    // SQL sees tomorrow's rows.
    sandbox.run(&format!("{command} {}", day(1))).ok();
}

#[test]
fn an_argument_cannot_steer_the_terminal() {
    let said = Sandbox::new().run("normalize --\u{1b}[2J\u{202e}").failed(2);
    assert!(said.contains(r"'--\u{202e}' found"), "{said:?}");
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
}

#[test]
fn help_tells_how_much_memory_a_run_takes() {
    let help = Sandbox::new().run("normalize --help").ok();
    assert!(help.contains("5 times --batch-size"), "{help}");
}

#[test]
fn help_teaches_with_examples() {
    let sandbox = Sandbox::new();
    for command in [
        "demo",
        "document",
        "normalize",
        "put",
        "query",
        "rejects",
        "schema",
        "table",
        "tables",
        "up",
    ] {
        let help = sandbox.run(&format!("{command} --help")).ok();
        assert!(help.contains("Examples:"), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}

#[test]
fn inputs_that_cannot_be_read_are_named_before_anything_is_written() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", "{}");
    sandbox.write("folder/b.json", "{}");
    let cases = [
        ("a.json missing.json", "read missing.json: No such file", "check the name"),
        ("a.json folder", "folder is a folder", "give the files in it, e.g. folder/*.json"),
    ];
    for (files, error, next) in cases {
        let said = sandbox.run(&format!("normalize --table t --out lake {files}")).failed(1);
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(lines.len(), 2, "{said}");
        assert!(lines[0].starts_with("error: ") && lines[0].contains(error), "{said}");
        assert!(lines[1].starts_with("  next: ") && lines[1].contains(next), "{said}");
    }
    assert!(!sandbox.path("lake").exists());
}

#[test]
fn a_second_writer_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", "{}");
    sandbox.write("lake/_lock", "");
    let lock = std::fs::File::open(sandbox.path("lake/_lock")).expect("open the lock");
    lock.lock().expect("take the lock");
    let said = sandbox.run("normalize --table t --out lake a.json").failed(1);
    assert!(said.contains("another writer is at work in lake"), "{said}");
    drop(lock);
    sandbox.run("normalize --table t --out lake a.json").ok();
}

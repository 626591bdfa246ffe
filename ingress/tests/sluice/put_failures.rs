//! `sluice put` when the server does not do as hoped.

use crate::sandbox::{Ran, Sandbox, finish};
use crate::stub::{Answer, Seen, Stub, accepted, holds, refused};
use std::net::{Ipv4Addr, TcpListener};

fn put(stub: &Stub, flags: &str, files: &[(&str, &str)]) -> Ran {
    let sandbox = Sandbox::new();
    for (name, content) in files {
        sandbox.write(name, content);
    }
    let names: Vec<_> = files.iter().map(|(name, _)| *name).collect();
    let command = format!("put t {} {flags}", names.join(" "));
    let mut command = sandbox.command(&command);
    command.env("SLUICE_ENDPOINT", &stub.endpoint);
    finish(command, b"")
}

/// `PUT` without the id.
fn shape(seen: &Seen) -> &str {
    seen.line.rsplit_once('/').map_or("", |(path, _)| path)
}

#[test]
fn what_fails_for_the_time_being_is_repeated() {
    let stub = Stub::start(|before, _| match before {
        0 => (503, "retry-after: 0\r\n", "<html>busy</html>".to_owned()),
        1 => refused(429, "slow_down"),
        2 => refused(500, "internal"),
        _ => accepted(),
    });
    let summary = put(&stub, "--format json", &[("a.json", "{\n\"a\":1}")]).json();
    assert_eq!((&summary["documents"], &summary["retries"]), (&1.into(), &3.into()));
    let seen = stub.seen();
    assert_eq!(seen.len(), 4);
    assert!(seen.iter().all(|request| request.line == seen[0].line), "{seen:?}");
    assert_eq!(seen[3].body, b"{\n\"a\":1}");
    assert_eq!(seen[3].header("content-type"), Some("application/json"));
}

#[test]
fn repeating_ends_and_says_so() {
    let stub = Stub::start(|_, _| refused(503, "busy"));
    let said = put(&stub, "--retries 1", &[("a.json", "{}"), ("b.json", "{}")]).failed(1);
    let expected = "error: it says busy\n  next: what was sent stays; the same command again goes \
                    on from there; try again later\n";
    assert_eq!(said, expected);
}

#[test]
fn a_document_that_is_refused_is_told_and_the_rest_goes_on() {
    let stub = Stub::start(|_, seen| match seen.body.starts_with(b"{\n\"bad\"") {
        true => refused(400, "malformed_json"),
        false => accepted(),
    });
    let files =
        [("a.json", "{\n\"a\":1}"), ("b.json", "  {\n\"bad\":}"), ("c.json", "{\n\"c\":1}")];
    let ran = put(&stub, "--format json", &files);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.stderr, "error: b.json, byte 2: it says malformed_json (malformed_json)\n");
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&summary["documents"], &summary["failed"]), (&2.into(), &1.into()));
    assert_eq!(summary["failures"][0]["file"], "b.json");
    assert_eq!(summary["failures"][0]["offset"], 2);
    let text = put(&stub, "", &files);
    assert!(text.stdout.starts_with("2 documents sent to t at http://"), "{text:?}");
    assert!(text.stdout.contains("\n1 document not sent, see above\n"), "{text:?}");
}

#[test]
fn who_is_not_let_in_hears_it_once() {
    let stub = Stub::start(|_, _| refused(401, "unauthorized"));
    let said = put(&stub, "", &[("a.json", "{}"), ("b.json", "{}")]).failed(1);
    assert!(said.starts_with("error: it says unauthorized\n"), "{said}");
    assert!(said.contains("give a token that the server knows with --token-file"), "{said}");
}

#[test]
fn another_kind_of_server_is_recognized() {
    let stub = Stub::start(|_, _| (200, "", "<html>hello</html>".to_owned()));
    let said = put(&stub, "", &[("a.json", "{}")]).failed(1);
    assert!(said.contains(" answered 200, but not as Sluice does"), "{said}");
    let stub = Stub::start(|_, _| (301, "location: https://else.where/\r\n", String::new()));
    let said = put(&stub, "", &[("a.json", "{}")]).failed(1);
    assert!(
        said.contains("answered 301, but not as Sluice does (go to https://else.where/)"),
        "{said}"
    );
    let stub = Stub::start(|_, _| (403, "", r#"{"message":"Missing Token"}"#.to_owned()));
    let said = put(&stub, "", &[("a.json", "{}")]).failed(1);
    assert!(said.contains("error: Missing Token\n") && said.contains("/main"), "{said}");
}

#[test]
fn a_server_that_is_not_there_is_not_waited_for() {
    let port = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listen");
        listener.local_addr().expect("address").port()
    };
    let sandbox = Sandbox::new();
    sandbox.write("a.ndjson", "{}\n");
    let endpoint = format!("http://127.0.0.1:{port}");
    for command in ["put t a.ndjson", "query x", "tables", "table t", "document t x", "rejects"] {
        let said = sandbox.run(&format!("{command} --endpoint {endpoint}")).failed(1);
        let expected = format!(
            "error: no server at {endpoint}\n  next: start one with sluice up, or say where it is \
             with --endpoint\n"
        );
        assert_eq!(said, expected, "{command}");
    }
}

#[test]
fn a_stage_a_token_and_gzip_reach_the_server() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", format!("{{\n\"a\":\"{}\"}}", "x".repeat(10_000)));
    sandbox.write("token", "ada:0123456789abcdef\n");
    let stub = Stub::start(|_, _| accepted());
    let endpoint = format!("{}/main/", stub.endpoint);
    let command = format!("put T a.json --gzip --endpoint {endpoint} --token-file token");
    sandbox.run(&command).ok();
    let seen = &stub.seen()[0];
    assert_eq!(shape(seen), "PUT /main/table/t/object");
    assert_eq!(seen.header("authorization"), Some("Bearer 0123456789abcdef"));
    assert_eq!(seen.header("content-encoding"), Some("gzip"));
    assert!(seen.body.starts_with(&[0x1f, 0x8b]) && seen.body.len() < 1_000);
}

/// A home where a document is known some time after it was taken, as on AWS.
fn later(asked: usize, then: Answer) -> Answer {
    if asked < 3 { refused(404, "not_seen_yet") } else { then }
}

#[test]
fn lines_count_as_sent_once_the_server_says_what_it_holds() {
    let stub = Stub::start(|before, seen| match seen.line.starts_with("PUT") {
        true => accepted(),
        // Asked under both ids, put, then asked twice.
        false => later(before, holds(16)),
    });
    put(&stub, "", &[("a.ndjson", "{\"a\":1}\n{\"a\":2}\n")]).ok();
    let lines: Vec<_> = stub.seen().iter().map(|seen| shape(seen).to_owned()).collect();
    let (get, put_line) = ("GET /table/t/object", "PUT /table/t/object");
    assert_eq!(lines[..4], [get, get, put_line, get], "{lines:?}");
}

#[test]
fn lines_that_another_run_sent_in_part_are_told() {
    let stub = Stub::start(|before, seen| match seen.line.starts_with("PUT") {
        true => accepted(),
        false => later(before + 1, holds(8)),
    });
    let ran = put(&stub, "", &[("a.ndjson", "{\"a\":1}\n{\"a\":2}\n")]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("a.ndjson, byte 0: another run sent a part of it"), "{ran:?}");
}

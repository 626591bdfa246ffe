//! `sluice demo`.

use crate::sandbox::{Sandbox, finish};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn the_whole_way_is_shown_and_no_trace_left() {
    let sandbox = Sandbox::new();
    sandbox.write("tmp/.keep", "");
    let mut command = sandbox.command("demo");
    command.env("TMPDIR", sandbox.path("tmp"));
    let text = finish(command, b"").ok();
    for expected in [
        "$ curl http://127.0.0.1:8080/table/orders/object",
        "{\"success\":true,\"data\":{\"id\":\"",
        "state         partly_rejected",
        "conflicts: one path, several kinds",
        "orders /total: double in total, string in total__string",
        "BULB-9",
        "malformed_json",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(text.lines().count() < 100, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    check_no_trace(&sandbox);
}

#[test]
fn an_interruption_leaves_no_trace_either() {
    let sandbox = Sandbox::new();
    sandbox.write("tmp/.keep", "");
    let mut child = sandbox
        .command("demo")
        .env("TMPDIR", sandbox.path("tmp"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start the demo");
    // It has posted; its documents become rows half a second later.
    let mut stdout = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
    let mut text = String::new();
    while !text.contains("success") {
        assert_ne!(stdout.read_line(&mut text).expect("text"), 0, "{text}");
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("run kill").success());
    std::io::copy(&mut stdout, &mut std::io::sink()).expect("the rest");
    let output = child.wait_with_output().expect("wait for the demo");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: interrupted\n");
    check_no_trace(&sandbox);
}

fn check_no_trace(sandbox: &Sandbox) {
    let left: Vec<_> = std::fs::read_dir(sandbox.path("tmp"))
        .expect("list")
        .map(|entry| entry.expect("list").file_name())
        .collect();
    assert_eq!(left, [".keep"]);
}

#[test]
fn it_can_be_kept() {
    let sandbox = Sandbox::new();
    let text = sandbox.run("demo --keep kept").ok();
    assert!(text.contains("$ sluice up --data kept"), "{text}");
    assert!(sandbox.path("kept").exists());
    let said = sandbox.run("demo --keep kept").failed(2);
    assert!(said.contains("--keep kept is not empty"), "{said}");
}

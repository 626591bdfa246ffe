//! `sluice demo`.

use crate::sandbox::{Sandbox, finish};

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

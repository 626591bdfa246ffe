//! `scripts/redrive`, with a command `aws` that answers as it is told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Notes its arguments and writes the answer where `aws lambda invoke` does: in the file that its last
/// argument names.
const AWS: &str = r#"#!/usr/bin/env bash
set -euo pipefail
if [ "$1" = --version ]; then
  echo "aws-cli/2.31.0 Python/3.13"
  exit
fi
printf '%s\n' "$@" >"$STUB/arguments"
cat "$STUB/answer" >"${@: -1}"
cat "$STUB/told"
exit "$(cat "$STUB/exit")"
"#;

struct Stub {
    folder: TempDir,
}

impl Stub {
    /// `told`: what the command prints.
    fn new(answer: &str, told: &str, exit: i32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("write");
        };
        write("aws", AWS);
        write("answer", answer);
        write("told", told);
        write("exit", &exit.to_string());
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path().join("aws"), mode).expect("make it a command");
        Stub { folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/redrive");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", self.folder.path().display());
        let mut command = Command::new(script);
        command.args(arguments).env("PATH", path).env("STUB", self.folder.path());
        command.output().expect("run the script")
    }

    fn arguments(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("arguments"));
        text.unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("text")
}

const REDRIVEN: &str = r#"{"action":"redrive","dry_run":true,"sent":{"count":2,"batches":["0a","0b"]},
"deleted":{"count":1,"batches":["0c"]},"unknown":{"count":0,"batches":[]},
"unreadable":{"count":1,"messages":["m-1"]},"complete":true}"#;

const SWEPT: &str = r#"{"action":"sweep","dry_run":false,"days":7,
"open_batches":{"count":1,"batches":["0d"],"complete":true},
"documents":{"inventory":"lists/x/manifest.json","looked_at":1200,"unclaimed":3,"gone":1,"too_old":0,
"swept":2,"batches":{"count":1,"batches":["0e"]},"complete":false}}"#;

#[test]
fn a_redrive_is_told_to_a_person() {
    let stub = Stub::new(REDRIVEN, "None", 0);
    let run = stub.run(&["--dry-run"]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert_eq!(
        text(&run.stdout),
        "Dry run: nothing was changed.\n\
         batches that would be sent again: 2\n  0a\n  0b\n\
         dead letters of committed batches that would be deleted: 1\n  0c\n\
         dead letters of batches that the ledger does not know, left in place: 0\n\
         dead letters that are no batch message, left in place: 1\n  m-1\n"
    );
    let arguments = stub.arguments();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name).expect("the option");
        arguments[at + 1].as_str()
    };
    assert_eq!(after("--function-name"), "data_platform-redrive");
    assert_eq!(after("--payload"), r#"{"action":"redrive","dry_run":true}"#);
    // The function may work for a quarter of an hour, and a second call beside it is no help.
    assert_eq!(after("--cli-read-timeout"), "910");
    assert_eq!(after("--cli-binary-format"), "raw-in-base64-out");
}

#[test]
fn a_sweep_is_told_to_a_person_or_raw() {
    let stub = Stub::new(SWEPT, "None", 0);
    let run = stub.run(&["--sweep", "--days", "30", "--function", "other"]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert_eq!(
        text(&run.stdout),
        "batches open for over an hour, sent again: 1\n  0d\n\
         inventory: lists/x/manifest.json\n\
         documents of the last 7 days looked at: 1200\n\
         of them without a claim: 3\n\
         of these no object any more: 1\n\
         of these received before the claims' lifetime, left alone: 0\n\
         of these sent to be normalized: 2\n\
         in batches: 1\n  0e\n\
         The time ended before the inventory did; the next sweep goes on from there.\n"
    );
    let arguments = stub.arguments();
    assert!(arguments.contains(&r#"{"action":"sweep","dry_run":false,"days":30}"#.to_owned()));
    assert!(arguments.contains(&"other".to_owned()));
    let run = stub.run(&["--sweep", "--json"]);
    assert_eq!(text(&run.stdout).trim_end(), SWEPT);
}

#[test]
fn failures_are_exit_codes() {
    let failed = r#"{"errorType":"x","errorMessage":"sweep failed: list open batches"}"#;
    let stub = Stub::new(failed, "Unhandled", 0);
    let run = stub.run(&["--sweep"]);
    assert_eq!(run.status.code(), Some(1));
    assert_eq!(
        text(&run.stderr),
        "redrive: the function failed: sweep failed: list open batches\n"
    );
    assert_eq!(text(&run.stdout), "");
    let run = stub.run(&["--sweep", "--json"]);
    assert_eq!((run.status.code(), text(&run.stdout).trim_end()), (Some(1), failed));
    // The call itself fails: no function, no grant.
    let stub = Stub::new("", "", 254);
    let run = stub.run(&[]);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("could not be called"), "{}", text(&run.stderr));
    for wrong in
        [&["--what"][..], &["--days"], &["--days", "x", "--sweep"], &["--days", "3"], &["x"]]
    {
        let run = stub.run(wrong);
        assert_eq!(run.status.code(), Some(2), "{wrong:?}");
        assert!(text(&run.stderr).contains("--help"), "{wrong:?}");
    }
    let help = stub.run(&["--help"]);
    assert!(help.status.success() && text(&help.stdout).contains("Usage: scripts/redrive"));
}

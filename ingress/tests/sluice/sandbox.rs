//! A temporary folder to run the command in.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Files by their path below the lake, without the lock.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

impl Sandbox {
    pub(crate) fn new() -> Self {
        Sandbox { folder: tempfile::tempdir().expect("temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("create folder");
        fs::write(path, content).expect("write");
    }

    /// Runs `sluice` with the words of `command`, nothing on standard input.
    pub(crate) fn run(&self, command: &str) -> Ran {
        self.run_with_stdin(command, b"")
    }

    pub(crate) fn run_with_stdin(&self, command: &str, stdin: &[u8]) -> Ran {
        finish(self.command(command), stdin)
    }

    pub(crate) fn command(&self, command: &str) -> Command {
        let mut sluice = Command::new(env!("CARGO_BIN_EXE_sluice"));
        sluice.args(command.split_whitespace()).current_dir(self.folder.path());
        for (name, _) in std::env::vars_os() {
            // What the person who runs the tests has set up is none of their business.
            if name.to_string_lossy().starts_with("SLUICE_") {
                sluice.env_remove(name);
            }
        }
        sluice
    }

    /// Every file of the lake, hidden ones included.
    pub(crate) fn files(&self, lake: &str) -> Files {
        let root = self.path(lake);
        let mut files = Files::new();
        collect(&root, &root, &mut files);
        files.remove("_lock");
        files
    }

    /// The parts of the lake.
    pub(crate) fn parts(&self, lake: &str) -> Files {
        let mut files = self.files(lake);
        files.retain(|path, _| path.ends_with(".parquet"));
        files
    }
}

/// Runs a command to its end.
pub(crate) fn finish(mut command: Command, stdin: &[u8]) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start sluice");
    let mut pipe = child.stdin.take().expect("standard input is a pipe");
    // A command that fails early does not read its input.
    let _ = pipe.write_all(stdin);
    drop(pipe);
    let output = child.wait_with_output().expect("wait for sluice");
    Ran {
        code: output.status.code().expect("sluice was not killed"),
        stdout: String::from_utf8(output.stdout).expect("standard output is text"),
        stderr: String::from_utf8(output.stderr).expect("standard error is text"),
    }
}

impl Ran {
    /// The answer of a command that did its work.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        assert_eq!(self.stderr, "");
        self.stdout
    }

    /// The same as JSON.
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).expect("standard output is JSON")
    }

    /// What a command that failed said.
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.stdout, "", "a failed command answers nothing");
        self.stderr
    }
}

/// The summary of a run without its last line, which tells sizes and times.
pub(crate) fn untimed(summary: &str) -> String {
    let mut lines: Vec<_> = summary.lines().collect();
    let last = lines.pop().unwrap_or_default();
    assert!(last.contains(" in, ") && last.ends_with(" MB/s"), "{summary}");
    lines.join("\n")
}

/// NDJSON: one line for each number, made by `line`.
pub(crate) fn ndjson(numbers: std::ops::Range<u32>, line: impl Fn(u32) -> String) -> String {
    numbers.map(|number| line(number) + "\n").collect()
}

fn collect(root: &Path, folder: &Path, files: &mut Files) {
    for entry in fs::read_dir(folder).expect("list folder") {
        let path = entry.expect("list folder").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy();
            files.insert(name.into_owned(), fs::read(&path).expect("read"));
        }
    }
}

//! The real server as a child process, to be killed at any moment.

use crate::api::Api;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How long a start may take.
const START: Duration = Duration::from_secs(60);

/// A folder for one server after the other.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

/// A process that may not listen yet.
pub(crate) struct Starting {
    process: Process,
    listens: Receiver<String>,
}

/// A server that listens.
pub(crate) struct Server {
    process: Process,
    pub(crate) api: Api,
}

/// Killed when it goes out of scope.
struct Process {
    child: Child,
    log: PathBuf,
}

impl Home {
    pub(crate) fn new() -> Self {
        Home { folder: tempfile::tempdir().expect("temporary folder") }
    }

    /// Absolute and without links.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder is there").join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn spawn(&self, environment: &[(&str, OsString)]) -> Starting {
        let log = self.path("server.log");
        let stderr = File::options().create(true).append(true).open(&log).expect("open the log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.args(["up", "--listen", "127.0.0.1:0", "--data"]).arg(self.data());
        for (name, _) in std::env::vars_os() {
            // What the person who runs the tests has set up is none of their business.
            if name.to_string_lossy().starts_with("SLUICE_") {
                command.env_remove(name);
            }
        }
        command.envs(environment.iter().map(|(name, value)| (*name, value)));
        command.current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().expect("start the server");
        let stdout = child.stdout.take().expect("standard output is a pipe");
        let (tell, listens) = sync_channel(1);
        std::thread::spawn(move || {
            // The pipe is read to its end, so that the server never waits for a reader.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once("listens on http://") {
                    let _ = tell.try_send(address.to_owned());
                }
            }
        });
        Starting { process: Process { child, log }, listens }
    }

    pub(crate) fn start(&self) -> Server {
        self.spawn(&[]).listening()
    }

    /// No part of any server panicked.
    pub(crate) fn check_log(&self) {
        let log = fs::read_to_string(self.path("server.log")).expect("the log is text");
        let panicked: Vec<&str> = log.lines().filter(|line| line.contains("panic")).collect();
        assert!(panicked.is_empty(), "the server panicked: {panicked:#?}");
    }
}

impl Starting {
    /// Waits until it listens, or the time is over.
    pub(crate) fn listening_within(self, time: Duration) -> Result<Server, Starting> {
        match self.listens.recv_timeout(time) {
            Ok(address) => {
                let address = address.trim().parse().expect("an address and a port");
                Ok(Server { process: self.process, api: Api::new(address) })
            }
            Err(RecvTimeoutError::Timeout) => Err(self),
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the server did not start: {}", self.process.last_words())
            }
        }
    }

    pub(crate) fn listening(self) -> Server {
        self.listening_within(START)
            .unwrap_or_else(|late| panic!("it does not listen: {}", late.process.last_words()))
    }

    /// A server that listens, or none when it ended with a message.
    pub(crate) fn listening_or_refused(mut self) -> Option<Server> {
        match self.listens.recv_timeout(START) {
            Ok(address) => {
                let address = address.trim().parse().expect("an address and a port");
                Some(Server { process: self.process, api: Api::new(address) })
            }
            Err(RecvTimeoutError::Timeout) => panic!("{}", self.process.last_words()),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.process.child.wait().expect("wait for the server");
                let said = self.process.last_words();
                assert!(status.code() == Some(1) && said.contains("error: "), "{status}: {said}");
                None
            }
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(self) {
        self.process.kill();
    }
}

impl Server {
    /// SIGKILL.
    pub(crate) fn kill(self) {
        self.process.kill();
    }

    /// It must not have ended by itself.
    pub(crate) fn check_alive(&mut self) {
        let ended = self.process.child.try_wait().expect("ask for the server");
        assert!(ended.is_none(), "the server ended: {ended:?}: {}", self.process.last_words());
    }
}

impl Process {
    fn kill(mut self) {
        let ended = self.child.try_wait().expect("ask for the server");
        assert!(ended.is_none(), "it ended before it was killed: {ended:?} {}", self.last_words());
        self.child.kill().expect("kill the server");
        self.child.wait().expect("wait for the server");
    }

    fn last_words(&self) -> String {
        tail(&self.log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(20).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

//! A running `sluice up` to speak to.

use crate::sandbox::{Ran, Sandbox, finish};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Ended when it goes out of scope.
pub(crate) struct Server {
    pub(crate) sandbox: Sandbox,
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it printed when it started.
    pub(crate) banner: String,
    pub(crate) endpoint: String,
}

/// How long anything may take that takes milliseconds as a rule.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

impl Server {
    pub(crate) fn start() -> Self {
        Server::start_in(Sandbox::new(), "")
    }

    /// Starts it in a folder where files lie already, with more flags.
    pub(crate) fn start_in(sandbox: Sandbox, flags: &str) -> Self {
        let log = File::create(sandbox.path("server.log")).expect("create the log");
        let mut child = sandbox
            .command(&format!("up --listen 127.0.0.1:0 {flags}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("start the server");
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        let mut banner = String::new();
        while !banner.contains("Ctrl-C stops it.") {
            let read = stdout.read_line(&mut banner).expect("standard output is text");
            if read == 0 {
                let log = std::fs::read_to_string(sandbox.path("server.log"));
                panic!("the server did not start: {banner}{log:?}");
            }
        }
        let listens =
            banner.lines().next().and_then(|line| line.strip_prefix("sluice listens on "));
        let endpoint = listens.expect("the first line says where").to_owned();
        Server { sandbox, child, stdout, banner, endpoint }
    }

    /// Runs `sluice` with these words against the server.
    pub(crate) fn run(&self, command: &str) -> Ran {
        finish(self.command(command), b"")
    }

    /// Runs `sluice query` with these flags.
    pub(crate) fn query(&self, flags: &str, sql: &str) -> Ran {
        let mut command = self.command(&format!("query {flags}"));
        command.arg(sql);
        finish(command, b"")
    }

    /// The one value of a query's one row.
    pub(crate) fn number(&self, sql: &str) -> u64 {
        let answer = self.query("--format csv", sql).ok();
        let last = answer.lines().last().unwrap_or_default();
        last.parse().unwrap_or_else(|_| panic!("{answer}"))
    }

    pub(crate) fn command(&self, command: &str) -> Command {
        let mut sluice = self.sandbox.command(command);
        sluice.env("SLUICE_ENDPOINT", &self.endpoint);
        sluice
    }

    /// Sends a signal, `TERM` or `INT`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{signal}"), &pid]).status();
        assert!(status.expect("run kill").success());
    }

    /// Waits until it ended; gives the exit code and what it still printed.
    pub(crate) fn ended(mut self) -> (Sandbox, Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().expect("ask for the server") {
                Some(status) => break status,
                None => assert!(Instant::now() < deadline, "the server did not end"),
            }
            std::thread::yield_now();
        };
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("standard output is text");
        let sandbox = std::mem::replace(&mut self.sandbox, Sandbox::new());
        (sandbox, status.code(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

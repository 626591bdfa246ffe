//! What a proof asks a server.

use crate::wire::{Answer, Connection, Request};
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Until everything accepted must be rows and rejects. After failures batches pause up to a minute.
const IDLE_PATIENCE: Duration = Duration::from_secs(100);

const POLL: Duration = Duration::from_millis(20);

/// One server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Api {
    address: SocketAddr,
}

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) state: String,
    pub(crate) rows: Option<u64>,
    pub(crate) rejects: Option<u64>,
}

impl Api {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Api { address }
    }

    pub(crate) fn endpoint(self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connect(self) -> io::Result<Connection> {
        Connection::open(self.address)
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(self, request: &Request<'_>) -> Answer {
        let answer = self.connect().and_then(|mut connection| connection.send(request));
        answer.unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.path))
    }

    pub(crate) fn get(self, path: &str) -> Answer {
        self.ask(&Request { method: "GET", path, headers: &[], body: b"" })
    }

    /// The `data` of an answer that is a success.
    pub(crate) fn data(self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", text(&answer));
        let mut value: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
        assert_eq!(value["success"], true, "{path}");
        value["data"].take()
    }

    /// The rows of a query.
    pub(crate) fn sql(self, statement: &str) -> Vec<Value> {
        let answer = self.ask_sql(statement);
        assert_eq!(answer.status, 200, "{statement}: {}", text(&answer));
        let lines = answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).expect("a row is JSON")).collect()
    }

    pub(crate) fn ask_sql(self, statement: &str) -> Answer {
        self.ask(&Request {
            method: "POST",
            path: "/sql?format=ndjson",
            headers: &[("content-type", "application/sql")],
            body: statement.as_bytes(),
        })
    }

    pub(crate) fn metric(self, name: &str) -> f64 {
        let answer = self.get("/metrics");
        let page = text(&answer);
        assert_eq!(answer.status, 200, "{page}");
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name}: {page}"))
    }

    /// Waits until every accepted document is rows and rejects.
    pub(crate) fn wait_until_idle(self) {
        let deadline = Instant::now() + IDLE_PATIENCE;
        loop {
            let documents = self.metric("sluice_waiting_documents");
            let batches = self.metric("sluice_waiting_batches");
            if documents == 0.0 && batches == 0.0 {
                return;
            }
            let late = Instant::now() >= deadline;
            assert!(!late, "I-1: {documents} documents and {batches} batches still wait");
            std::thread::sleep(POLL);
        }
    }
}

impl Told {
    /// What an answer to `GET` of a document says.
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", text(answer));
        let value: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
        let data = &value["data"];
        Told {
            state: data["state"].as_str().expect("a document has a state").to_owned(),
            rows: data["rows"].as_u64(),
            rejects: data["rejects"].as_u64(),
        }
    }
}

pub(crate) fn document_path(table: &str, id: &str) -> String {
    format!("/table/{table}/object/{id}")
}

pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Asks until it is so.
pub(crate) fn until(what: &str, within: Duration, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + within;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: not within {within:?}");
        std::thread::sleep(POLL);
    }
}

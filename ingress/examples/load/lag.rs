//! How long after its 200 a document is a row that SQL sees.

use crate::Args;
use crate::wire::{Answer, Connection, Request};
use serde_json::Value;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks, and between two samples.
const LOOK: Duration = Duration::from_millis(10);
const PAUSE: Duration = Duration::from_millis(200);

/// A sample that takes longer counts as missed.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Lag {
    pub(crate) micros: Vec<u64>,
    pub(crate) missed: u64,
}

/// Posts a document, waits until it is a row, and so on.
pub(crate) fn run(args: &Args, stop: &AtomicBool) -> Lag {
    let mut lag = Lag::default();
    while !stop.load(Relaxed) {
        match sample(args) {
            Ok(Some(time)) => {
                lag.micros.push(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
            }
            Ok(None) | Err(_) => lag.missed += 1,
        }
        thread::sleep(PAUSE);
    }
    lag
}

fn sample(args: &Args) -> io::Result<Option<Duration>> {
    let mut connection = Connection::open(args.endpoint)?;
    let path = format!("/table/{}/object", args.table);
    let posted = ask(args, &mut connection, "POST", &path, ("application/json", b"{\"lag\":1}"))?;
    let accepted = Instant::now();
    let value: Value = serde_json::from_slice(&posted.body)?;
    let Some(id) = value["data"]["id"].as_str() else { return Ok(None) };
    let path = format!("{path}/{id}");
    while accepted.elapsed() < PATIENCE {
        let answer = ask(args, &mut connection, "GET", &path, ("application/json", b""))?;
        let value: Value = serde_json::from_slice(&answer.body)?;
        if value["data"]["state"] == "normalized" {
            let sql = format!("SELECT count(*) AS n FROM {} WHERE _id = '{id}'", args.table);
            let body = ("application/sql", sql.as_bytes());
            let answer = ask(args, &mut connection, "POST", "/sql", body)?;
            let value: Value = serde_json::from_slice(&answer.body)?;
            if value["data"]["rows"][0]["n"] == 1 {
                return Ok(Some(accepted.elapsed()));
            }
        }
        thread::sleep(LOOK);
    }
    Ok(None)
}

fn ask(
    args: &Args,
    connection: &mut Connection,
    method: &str,
    path: &str,
    (content_type, body): (&str, &[u8]),
) -> io::Result<Answer> {
    let token = args.token.as_ref().map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", content_type)];
    headers.extend(token.as_deref().map(|token| ("authorization", token)));
    connection.send(&Request { method, path, headers: &headers, body })
}

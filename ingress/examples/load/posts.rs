//! One connection's posts.

use crate::Args;
use crate::wire::{Connection, Request};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

/// After a connection failed, before the next.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// What one connection, or all together, did.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Of each accepted post, from its first byte sent to its answer's last byte.
    pub(crate) micros: Vec<u64>,
    /// By the code of the answer, or `connection`.
    pub(crate) errors: BTreeMap<String, u64>,
}

impl Done {
    pub(crate) fn add(&mut self, other: Done) {
        self.micros.extend(other.micros);
        for (code, count) in other.errors {
            *self.errors.entry(code).or_default() += count;
        }
    }

    fn failed(&mut self, code: String) {
        *self.errors.entry(code).or_default() += 1;
    }
}

/// Posts until it is told to stop.
pub(crate) fn run(args: &Args, at: u32, stop: &AtomicBool) -> Done {
    let mut done = Done::default();
    let mut path = format!("/table/{}/object", args.table);
    let token = args.token.as_ref().map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(token.as_deref().map(|token| ("authorization", token)));
    let every = args.rate.map(|rate| Duration::from_secs_f64(f64::from(args.connections) / rate));
    let mut connection: Option<Connection> = None;
    let (began, mut number) = (Instant::now(), 0_u32);
    while !stop.load(Relaxed) {
        if let Some(every) = every {
            // By the clock and not by the last answer, so that a slow one is no excuse.
            thread::sleep((began + every * number).saturating_duration_since(Instant::now()));
        }
        number += 1;
        let Some(open) = connection.take().or_else(|| Connection::open(args.endpoint).ok()) else {
            done.failed("connection".to_owned());
            thread::sleep(RECONNECT_PAUSE);
            continue;
        };
        let mut open = open;
        if args.tables > 1 {
            let table = (at + number * args.connections) % args.tables;
            path = format!("/table/{}_{table}/object", args.table);
        }
        let body = body(at, number, args.body_bytes);
        let request =
            Request { method: "POST", path: &path, headers: &headers, body: body.as_bytes() };
        let sent = Instant::now();
        match open.send(&request) {
            Ok(answer) if answer.status == 200 => {
                done.micros.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
                connection = Some(open);
            }
            Ok(answer) => {
                let value: serde_json::Value =
                    serde_json::from_slice(&answer.body).unwrap_or_default();
                let code = value["error"]["code"].as_str().unwrap_or("no code");
                done.failed(format!("{} {code}", answer.status));
                connection = Some(open);
            }
            Err(_) => done.failed("connection".to_owned()),
        }
    }
    done
}

/// An order with a list, child rows, and a text that fills it up.
fn body(at: u32, number: u32, bytes: usize) -> String {
    let (client, total) = (at % 97, f64::from(number % 10_000) / 100.0);
    let head = format!(
        "{{\"order\":\"{at}-{number}\",\"client\":{client},\"total\":{total:.2},\"tags\":[\"a\",\"b\"],\
         \"user\":{{\"login\":\"u{client}\",\"active\":true}},\"items\":[{{\"sku\":\"s{client}\",\
         \"quantity\":{}}}],\"note\":\"",
        number % 7
    );
    let filler = bytes.saturating_sub(head.len() + 2);
    format!("{head}{}\"}}", "x".repeat(filler))
}

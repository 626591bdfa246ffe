//! Answers that take long.

use crate::client::Client;
use crate::front::{DEADLINE, Running};
use std::time::{Duration, Instant};

/// More rows than any test waits for.
const ENDLESS: &str = "SELECT * FROM generate_series(1, 100000000000)";

async fn ask(client: &mut Client, statement: &str) {
    client
        .send(&format!(
            "POST /sql?format=csv HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
             application/sql\r\nContent-Length: {}\r\n\r\n{statement}",
            statement.len()
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_fail_in_between_are_cut() {
    let server = Running::start(|options| options.sql.timeout = Duration::from_secs(1)).await;
    let mut client = server.connect().await;
    ask(&mut client, ENDLESS).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 200);
    assert!(!answer.whole, "a cut answer ends like a whole one");
    assert!(!answer.body.is_empty());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_ends_with_its_client() {
    let server = Running::start(|options| options.sql.queries_at_once = 1).await;
    let mut client = server.connect().await;
    ask(&mut client, ENDLESS).await;
    assert!(client.some().await > 0);

    let mut other = server.connect().await;
    ask(&mut other, "SELECT 1 AS one").await;
    let answer = other.answer().await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
    assert_eq!(answer.header("retry-after"), Some("1"));

    drop(client);
    let begun = Instant::now();
    loop {
        ask(&mut other, "SELECT 1 AS one").await;
        let answer = other.answer().await;
        if answer.status == 200 {
            assert_eq!(answer.text(), "one\n1\n");
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "the query goes on without its client");
        tokio::task::yield_now().await;
    }
    drop(other);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_takes_too_long_is_told() {
    let server = Running::start(|options| options.sql.timeout = Duration::from_millis(300)).await;
    let mut client = server.connect().await;
    ask(&mut client, "SELECT count(*) FROM generate_series(1, 100000000000)").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "query_timeout"));
    server.end().await;
}

//! Size, time and memory of requests (I-7), byte by byte.

use crate::front::Running;
use sluice_pipeline::SettingsInForce;
use std::time::Duration;

const SOON: Duration = Duration::from_millis(200);

fn post(headers: &str) -> String {
    format!(
        "POST /table/bounds/object HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
         application/json\r\n{headers}\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_over_the_limit_is_answered_before_a_byte_is_sent() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client.send(&post("Content-Length: 10000001\r\n")).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "document_too_large"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(client.closed().await);

    let mut client = server.connect().await;
    client.send(&post("Content-Length: 99999999999999999\r\nExpect: 100-continue\r\n")).await;
    assert_eq!(client.answer().await.status, 413, "no 100 before it");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_asked_for_when_it_will_be_read() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client.send(&post("Content-Length: 7\r\nExpect: 100-continue\r\n")).await;
    assert_eq!(client.answer().await.status, 100);
    client.send("{\"a\":1}").await;
    assert_eq!(client.answer().await.status, 200);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_too_many_is_refused() {
    let server = Running::start(|options| {
        let settings = SettingsInForce::parse("limits: {tables: 1}".to_owned());
        options.platform.settings = settings.unwrap();
    })
    .await;
    let mut client = server.connect().await;
    for (table, status) in [("bounds", 200), ("others", 409), ("bounds", 200)] {
        client.send(&post("Content-Length: 7\r\n").replace("bounds", table)).await;
        client.send("{\"a\":1}").await;
        let answer = client.answer().await;
        assert_eq!(answer.status, status, "{table}");
        if status == 409 {
            assert_eq!(answer.code(), "too_many_tables");
        }
    }
    server.end().await;
}

/// The reset of a closed socket must not overtake the answer.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_everything_before_reading_still_sees_the_answer() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client.send(&post("Content-Length: 12000000\r\n")).await;
    client.send_bytes(&vec![b' '; 12_000_000]).await;
    assert_eq!(client.answer().await.status, 413);

    let mut client = server.connect().await;
    client
        .send("POST /no/such/path HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n")
        .await;
    client.send_bytes(&vec![b' '; 5_000_000]).await;
    assert_eq!(client.answer().await.status, 404);
    client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200, "the connection goes on");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_are_counted() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client.send(&post("Transfer-Encoding: chunked\r\n")).await;
    let chunk = format!("f4240\r\n{}\r\n", " ".repeat(1_000_000));
    for _ in 0..11 {
        client.send(&chunk).await;
    }
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "document_too_large"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_within_the_limit_is_taken() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client.send(&post("Transfer-Encoding: chunked\r\n")).await;
    client.send("4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_is_closed() {
    let server = Running::start(|options| options.limits.head_timeout = SOON).await;
    let mut client = server.connect().await;
    client.send("GET /health HTTP/1.1\r\nHost: loc").await;
    assert!(client.closed().await);
    let mut idle = server.connect().await;
    assert!(idle.closed().await);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_answered_408() {
    let server = Running::start(|options| options.limits.body_window = SOON).await;
    let mut client = server.connect().await;
    client.send(&post("Content-Length: 100\r\n")).await;
    client.send("{\"a\":").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.code().as_str()), (408, "request_timeout"));
    assert!(client.closed().await);
    server.end().await;
}

/// One byte now and then is no progress.
#[tokio::test(flavor = "multi_thread")]
async fn a_trickling_body_is_answered_408() {
    let server = Running::start(|options| options.limits.body_window = SOON).await;
    let mut client = server.connect().await;
    client.send(&post("Content-Length: 10000000\r\n")).await;
    let answer = loop {
        tokio::select! {
            answer = client.answer() => break answer,
            () = tokio::time::sleep(SOON / 20) => {}
        }
        let _ = client.try_send(b" ").await;
    };
    assert_eq!((answer.status, answer.code().as_str()), (408, "request_timeout"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_bodies_together_are_bounded() {
    let server = Running::start(|options| options.limits.bodies_bytes_max = 64 << 10).await;
    let mut first = server.connect().await;
    first.send(&post(&format!("Content-Length: {}\r\n", 48 << 10))).await;
    first.send(&" ".repeat(40 << 10)).await;
    server.until("sluice_http_body_bytes", |bytes| bytes >= f64::from(40 << 10)).await;

    let mut second = server.connect().await;
    second.send(&post(&format!("Content-Length: {}\r\n", 32 << 10))).await;
    second.send(&" ".repeat(32 << 10)).await;
    let answer = second.answer().await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
    assert_eq!(answer.header("retry-after"), Some("1"));

    first.send(&format!("{}{{\"a\":1}}", " ".repeat((8 << 10) - 7))).await;
    assert_eq!(first.answer().await.status, 200);
    server.until("sluice_http_body_bytes", |bytes| bytes < 1.0).await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded() {
    let server = Running::start(|options| options.limits.connections_max = 1).await;
    let mut first = server.connect().await;
    first.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(first.answer().await.status, 200);
    let mut second = server.connect().await;
    second.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let early = tokio::time::timeout(SOON, second.some()).await;
    assert!(early.is_err(), "a second connection is served");
    drop(first);
    assert_eq!(second.answer().await.status, 200);
    drop(second);
    server.end().await;
}

/// A client that takes no answer would hold its connection for ever.
#[tokio::test(flavor = "multi_thread")]
async fn who_takes_no_answer_is_cut() {
    let server = Running::start(|options| options.limits.write_stall = SOON).await;
    let mut client = server.connect().await;
    let asked = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    // Until the buffers of both sides are full, the server stands still and closes.
    while client.try_send(asked.as_bytes()).await.is_ok() {}
    // The connection that asks is there as well.
    server.until("sluice_http_connections", |open| open < 2.0).await;
    server.end().await;
}

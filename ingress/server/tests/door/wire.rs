//! What is hardly HTTP, and who leaves early.

use crate::front::Running;

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn garbage_behind_a_request_is_refused_and_closed() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client.send(&format!("{HEALTH}\u{1}\u{2}garbage\r\n\r\n")).await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(client.answer().await.status, 400);
    assert!(client.closed().await);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_one_piece_are_answered_in_order() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    let lost = "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.send(&format!("{HEALTH}{lost}{HEALTH}")).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(client.answer().await.status);
    }
    assert_eq!(statuses, [200, 404, 200]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths_that_contradict_each_other_are_refused() {
    let server = Running::start(|_| ()).await;
    for lengths in [
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: -1\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
    ] {
        let mut client = server.connect().await;
        let head = "POST /table/wire/object HTTP/1.1\r\nHost: localhost\r\n";
        client.send(&format!("{head}Content-Type: application/json\r\n{lengths}\r\n{{}}")).await;
        assert_eq!(client.answer().await.status, 400, "{lengths}");
        assert!(client.closed().await, "{lengths}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_chunks_are_told() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client
        .send(
            "POST /table/wire/object HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
             application/json\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        )
        .await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_1_0_is_answered_and_closed() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client.send("GET /health HTTP/1.0\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    assert!(client.closed().await);

    let mut client = server.connect().await;
    client
        .send("POST /sql HTTP/1.0\r\nContent-Type: application/sql\r\nContent-Length: 8\r\n\r\nSELECT 1")
        .await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.code().as_str()), (505, "http_version"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_are_refused() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client.send("GET /tables HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 400);
    let mut client = server.connect().await;
    client.send("GET http://evil.example/tables HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(client.answer().await.code(), "bad_host");
    server.end().await;
}

/// I-1 the other way round: what was not answered with 200, because it never came, is not there.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_body_stores_nothing() {
    let server = Running::start(|_| ()).await;
    let path = "/table/wire/object/0192f0c1-2b7e-7c3a-9c1d-5a1e0f6b7d80";
    let mut client = server.connect().await;
    client
        .send(&format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
             application/x-ndjson\r\nContent-Length: 1000\r\n\r\n{{\"a\":1}}\n"
        ))
        .await;
    server.until("sluice_http_body_bytes", |bytes| bytes > 0.0).await;
    drop(client);
    server.until("sluice_http_body_bytes", |bytes| bytes < 1.0).await;
    server.until("sluice_http_connections", |open| open < 2.0).await;
    let answer = server.get(path).await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    server.end().await;
}

//! How a server stops.

use crate::front::{DEADLINE, Running};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const HALF: &str = "POST /table/stop/object HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
                    application/json\r\nContent-Length: 7\r\n\r\n{\"a\"";

#[tokio::test(flavor = "multi_thread")]
async fn running_requests_end_and_idle_connections_close() {
    let server = Running::start(|_| ()).await;
    let mut idle = server.connect().await;
    idle.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(idle.answer().await.status, 200);
    let mut running = server.connect().await;
    running.send(HALF).await;
    server.until("sluice_http_body_bytes", |bytes| bytes > 0.0).await;

    server.stop.send(()).unwrap();
    assert!(idle.closed().await);
    let begun = Instant::now();
    while TcpStream::connect(server.address).await.is_ok() {
        assert!(begun.elapsed() < DEADLINE, "connections are still accepted");
        tokio::task::yield_now().await;
    }
    running.send(":1}").await;
    let answer = running.answer().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("connection"), Some("close"));
    server.ended.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_do_not_end_are_cut() {
    let server =
        Running::start(|options| options.limits.stop_timeout = Duration::from_millis(200)).await;
    let mut running = server.connect().await;
    running.send(HALF).await;
    server.until("sluice_http_body_bytes", |bytes| bytes > 0.0).await;
    server.stop.send(()).unwrap();
    assert!(running.closed().await, "no answer: nothing was promised");
    server.ended.await.unwrap();
}

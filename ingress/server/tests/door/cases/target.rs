//! What cases run against.

use crate::client::{Answer, Client};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use std::net::{SocketAddr, ToSocketAddrs};
use tower::ServiceExt;

/// A request.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// A router in process, or any server that speaks HTTP.
pub(super) enum Target {
    Router(Router),
    Url { address: SocketAddr, host: String, prefix: String },
}

impl Target {
    /// A server by its base URL, `http://host:port` or with a path behind it.
    pub(super) fn at(base: &str) -> Self {
        let rest = base.strip_prefix("http://").expect("a URL of http");
        let (host, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let address = host.to_socket_addrs().unwrap().next().unwrap();
        let prefix = prefix.trim_end_matches('/').to_owned();
        Target::Url { address, host: host.to_owned(), prefix }
    }

    pub(super) async fn ask(&self, asked: &Asked) -> Answer {
        match self {
            Target::Router(router) => in_process(router.clone(), asked).await,
            Target::Url { address, host, prefix } => over_tcp(*address, host, prefix, asked).await,
        }
    }
}

async fn in_process(router: Router, asked: &Asked) -> Answer {
    let mut request = Request::builder().method(asked.method.as_str()).uri(&asked.path);
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(asked.body.clone())).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await;
    Answer {
        status: parts.status.as_u16(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        whole: body.is_ok(),
        body: body.unwrap_or_default().to_vec(),
    }
}

async fn over_tcp(address: SocketAddr, host: &str, prefix: &str, asked: &Asked) -> Answer {
    let mut head = format!("{} {prefix}{} HTTP/1.1\r\n", asked.method, asked.path);
    if !asked.headers.iter().any(|(name, _)| name == "host") {
        head.push_str(&format!("host: {host}\r\n"));
    }
    for (name, value) in &asked.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", asked.body.len()));
    let mut client = Client::connect(address).await;
    client.send(&head).await;
    client.send_bytes(&asked.body).await;
    client.answer().await
}

//! The least client: bytes out, answers in, so that tests decide every byte.

use crate::front::DEADLINE;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The body ended as its head said it would.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The failure's code, empty for a success.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A connection.
pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = timeout(DEADLINE, TcpStream::connect(address)).await.unwrap().unwrap();
        Client { stream, read: Vec::new() }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.send_bytes(text.as_bytes()).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await.unwrap();
    }

    /// Sending to a server that may have closed.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        timeout(DEADLINE, self.stream.write_all(bytes)).await.expect("the server reads no more")
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head_end = loop {
            if let Some(at) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at;
            }
            assert!(self.more().await, "closed within a head: {:?}", self.read);
        };
        let head = String::from_utf8(self.read.drain(..head_end + 4).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<_> = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Answer { status, headers, body: Vec::new(), whole: true };
        if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse().unwrap();
            answer.whole = self.at_least(length).await;
            let length = length.min(self.read.len());
            answer.body = self.read.drain(..length).collect();
        } else if answer.header("transfer-encoding") == Some("chunked") {
            answer.whole = self.chunks(&mut answer.body).await;
        } else if status >= 200 {
            while self.more().await {}
            answer.body = std::mem::take(&mut self.read);
        }
        answer
    }

    /// Waits for bytes, and answers how many are there.
    pub(crate) async fn some(&mut self) -> usize {
        self.more().await;
        self.read.len()
    }

    /// Whether the server closed, after at most [`DEADLINE`].
    pub(crate) async fn closed(&mut self) -> bool {
        while self.more().await {}
        self.read.is_empty()
    }

    async fn chunks(&mut self, body: &mut Vec<u8>) -> bool {
        loop {
            let line_end = loop {
                if let Some(at) = self.read.windows(2).position(|bytes| bytes == b"\r\n") {
                    break at;
                }
                if !self.more().await {
                    return false;
                }
            };
            let line: Vec<u8> = self.read.drain(..line_end + 2).collect();
            let size = std::str::from_utf8(&line).unwrap().trim();
            let size = usize::from_str_radix(size, 16).unwrap();
            if !self.at_least(size + 2).await {
                return false;
            }
            body.extend(self.read.drain(..size));
            self.read.drain(..2);
            if size == 0 {
                return true;
            }
        }
    }

    async fn at_least(&mut self, bytes: usize) -> bool {
        while self.read.len() < bytes {
            if !self.more().await {
                return false;
            }
        }
        true
    }

    /// False at the end; a reset is an end too.
    async fn more(&mut self) -> bool {
        let read = timeout(DEADLINE, self.stream.read_buf(&mut self.read));
        read.await.expect("the server says nothing and does not close").unwrap_or(0) > 0
    }
}

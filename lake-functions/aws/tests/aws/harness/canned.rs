//! A server that answers as it is told: for answers of AWS that no emulator gives.

use sluice_aws::Aws;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Bytes of the body that are announced and never sent.
    missing: usize,
}

impl Answer {
    pub(crate) fn ok(body: &[u8]) -> Self {
        Answer { status: 200, headers: Vec::new(), body: body.to_vec(), missing: 0 }
    }

    /// An error as S3 tells it.
    pub(crate) fn s3_error(status: u16, code: &str) -> Self {
        // Of refused access the message is told: it names the grant that lacks, and no content.
        let message = if code == "AccessDenied" { "not authorized" } else { "secret words" };
        let xml = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        Answer { status, ..Answer::ok(xml.as_bytes()) }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn with_body(self, body: &[u8]) -> Self {
        Answer { body: body.to_vec(), ..self }
    }

    pub(crate) fn broken_off(self) -> Self {
        Answer { missing: 10, ..self }
    }

    fn write(&self, mut stream: &TcpStream, head_only: bool) -> std::io::Result<()> {
        let length = self.body.len() + self.missing;
        let mut head = format!("HTTP/1.1 {} x\r\ncontent-length: {length}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes())?;
        if head_only { Ok(()) } else { stream.write_all(&self.body) }
    }
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Answer>,
    requests: Vec<String>,
    at_once: usize,
    at_once_max: usize,
}

/// The server; it ends with the process.
pub(crate) struct Canned {
    endpoint: String,
    state: Arc<Mutex<State>>,
}

impl Canned {
    /// Gives the answers in order, the last one from then on, each after `delay`.
    pub(crate) fn start(answers: impl Into<VecDeque<Answer>>, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("its address"));
        let state = Arc::new(Mutex::new(State { answers: answers.into(), ..State::default() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(&stream, &state, delay));
            }
        });
        Canned { endpoint, state }
    }

    pub(crate) async fn aws(&self) -> Aws {
        Aws::emulator(&self.endpoint).await
    }

    /// Method and path of each request so far, and its body where it has a readable one.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().expect("no panic").requests.clone()
    }

    /// The most requests that were under way at the same time.
    pub(crate) fn at_once_max(&self) -> usize {
        self.state.lock().expect("no panic").at_once_max
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>, delay: Duration) {
    let Some(request) = read_request(stream) else { return };
    let head_only = request.starts_with("HEAD ");
    let answer = {
        let mut state = state.lock().expect("no panic");
        state.requests.push(request);
        state.at_once += 1;
        state.at_once_max = state.at_once_max.max(state.at_once);
        let last = state.answers.len() == 1;
        let answer = if last { state.answers.front().cloned() } else { state.answers.pop_front() };
        answer.expect("an answer")
    };
    thread::sleep(delay);
    state.lock().expect("no panic").at_once -= 1;
    // The client may be gone.
    let _ = answer.write(stream, head_only);
}

fn read_request(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (request, _) = first.trim_end().rsplit_once(' ')?;
    let body = String::from_utf8(body).unwrap_or_default();
    Some(format!("{request} {body}").trim_end().to_owned())
}

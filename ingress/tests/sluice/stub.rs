//! A server that answers what a test wants, to see what the command does then.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// `PUT /table/t/object/…`
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Stub {
    pub(crate) endpoint: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// Status, header lines (each with its line end), body.
pub(crate) type Answer = (u16, &'static str, String);

impl Stub {
    /// Answers request after request by `answer`, which also hears how many came before.
    pub(crate) fn start(answer: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listen");
        let endpoint = format!("http://{}", listener.local_addr().expect("address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let requests = Arc::clone(&seen);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream.expect("accept"), &requests, &*answer));
            }
        });
        Stub { endpoint, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }
}

/// What Sluice answers to a PUT or POST.
pub(crate) fn accepted() -> Answer {
    (200, "", r#"{"success":true,"data":{"id":"x"}}"#.to_owned())
}

/// What Sluice answers when it refuses.
pub(crate) fn refused(status: u16, code: &str) -> Answer {
    let body =
        format!(r#"{{"success":false,"error":{{"code":"{code}","message":"it says {code}"}}}}"#);
    (status, "", body)
}

/// What Sluice answers about a document of so many bytes.
pub(crate) fn holds(bytes: usize) -> Answer {
    let body = format!(
        r#"{{"success":true,"data":{{"id":"x","table":"t","state":"received","bytes":{bytes}}}}}"#
    );
    (200, "", body)
}

fn serve(
    stream: TcpStream,
    requests: &Mutex<Vec<Seen>>,
    answer: &(dyn Fn(usize, &Seen) -> Answer + Send + Sync),
) {
    let mut reader = BufReader::new(stream.try_clone().expect("clone"));
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).expect("a header");
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut seen = Seen { line, headers, body: Vec::new() };
    let length = seen.header("content-length").map_or(0, |text| text.parse().expect("a length"));
    seen.body = vec![0; length];
    reader.read_exact(&mut seen.body).expect("the body");
    let before = {
        let mut requests = requests.lock().expect("no panic");
        requests.push(seen.clone());
        requests.len() - 1
    };
    let (status, headers, body) = answer(before, &seen);
    let head = format!(
        "HTTP/1.1 {status} Because\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    let mut stream = stream;
    // The command may have gone.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

//! Runs `tests/cases/*.json`: requests in sequence, what is expected of each answer, and values
//! that later requests use.
//!
//! ```json
//! {"name": "…", "homes": ["local", "aws"], "tokens": false, "steps": [{
//!   "request": {"method": "POST", "path": "/table/t_{{run}}/object",
//!               "headers": {"content-type": "application/json"}, "body": {"a": 1}},
//!   "expect": {"status": 200, "headers": {"x": "part of it"}, "body": {"success": true},
//!              "contains": ["text"]},
//!   "save": {"id": "/data/id"}, "poll": true}]}
//! ```
//!
//! A body is a text or JSON; `gzip` compresses it, `times` repeats it. `expect.body` is a part of
//! the answer's JSON, `"{{any}}"` in it stands for anything but null. `poll` asks until the answer
//! is as expected. Variables: `run` (of this run alone), `fresh_a`, `FRESH_A`, `fresh_b` (UUIDs of
//! this case, upper case for one), `token`, and what was saved. A case that is not for `aws` is
//! about what only one machine does.

mod target;

use crate::contract::Contract;
use crate::front::{DEADLINE, InProcess, Running, TOKEN, tokens};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;
use target::{Asked, Target};
use uuid::Uuid;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    homes: Vec<Home>,
    #[serde(default)]
    tokens: bool,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Home {
    Local,
    Aws,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    request: Request,
    expect: Expect,
    #[serde(default)]
    save: BTreeMap<String, String>,
    #[serde(default)]
    poll: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    #[serde(default)]
    gzip: bool,
    times: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    #[serde(default)]
    contains: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_in_process() {
    for tokens in [None, Some(tokens())] {
        let with_tokens = tokens.is_some();
        let front = InProcess::open(tokens);
        run(&Target::Router(front.router.clone()), Home::Local, with_tokens).await;
        front.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_over_tcp() {
    for tokens in [None, Some(tokens())] {
        let with_tokens = tokens.is_some();
        let server = Running::start(|options| options.tokens = tokens).await;
        let base = format!("http://{}", server.address);
        run(&Target::at(&base), Home::Local, with_tokens).await;
        server.end().await;
    }
}

/// Runs all cases of a home against one target.
async fn run(target: &Target, home: Home, with_tokens: bool) {
    let contract = Contract::read();
    let mut count = 0;
    for case in all_cases() {
        if case.homes.contains(&home) && case.tokens == with_tokens {
            run_case(target, &contract, &case).await;
            count += 1;
        }
    }
    assert!(count > 0, "no case ran");
}

fn all_cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| -> Vec<Case> {
        let text = std::fs::read_to_string(file).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    files.iter().flat_map(read).collect()
}

async fn run_case(target: &Target, contract: &Contract, case: &Case) {
    let (a, b) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
    let mut variables: BTreeMap<String, String> = [
        ("run".to_owned(), a.replace('-', "")[20..].to_owned()),
        ("FRESH_A".to_owned(), a.to_uppercase()),
        ("fresh_a".to_owned(), a),
        ("fresh_b".to_owned(), b),
        ("token".to_owned(), TOKEN.to_owned()),
    ]
    .into();
    for (at, step) in case.steps.iter().enumerate() {
        let asked = asked(&step.request, &variables);
        let what = format!("{}, step {at}: {} {}", case.name, asked.method, asked.path);
        let begun = Instant::now();
        let answer = loop {
            let answer = target.ask(&asked).await;
            let wrong = step.expect.differs(&answer, &variables);
            let again = step.poll && begun.elapsed() < DEADLINE;
            match wrong {
                None => break answer,
                Some(_) if again => tokio::task::yield_now().await,
                Some(wrong) => panic!("{what}: {wrong}\n{answer:?}\n{}", answer.text()),
            }
        };
        contract.check(&what, &asked.method, &asked.path, &answer);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
        for (name, pointer) in &step.save {
            let json = answer.json();
            let value = json.pointer(pointer).unwrap_or_else(|| panic!("{what}: no {pointer}"));
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            variables.insert(name.clone(), text);
        }
    }
}

fn asked(request: &Request, variables: &BTreeMap<String, String>) -> Asked {
    let mut body = match &request.body {
        None => Vec::new(),
        Some(Value::String(text)) => filled(text, variables).into_bytes(),
        Some(json) => filled(&json.to_string(), variables).into_bytes(),
    };
    if let Some(times) = request.times {
        body = body.repeat(times);
    }
    if request.gzip {
        body = gzip(&body);
    }
    let header = |(name, value): (&String, &String)| (name.clone(), filled(value, variables));
    Asked {
        method: request.method.clone(),
        path: filled(&request.path, variables),
        headers: request.headers.iter().map(header).collect(),
        body,
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn filled(text: &str, variables: &BTreeMap<String, String>) -> String {
    variables.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    })
}

impl Expect {
    /// What is not as expected.
    fn differs(
        &self,
        answer: &crate::client::Answer,
        variables: &BTreeMap<String, String>,
    ) -> Option<String> {
        if answer.status != self.status {
            return Some(format!("status {} instead of {}", answer.status, self.status));
        }
        if !answer.whole {
            return Some("the answer is cut".to_owned());
        }
        for (name, part) in &self.headers {
            if !answer.header(name).is_some_and(|value| value.contains(part)) {
                return Some(format!("header {name} is {:?}", answer.header(name)));
            }
        }
        let text = answer.text();
        if let Some(part) =
            self.contains.iter().map(|part| filled(part, variables)).find(|p| !text.contains(p))
        {
            return Some(format!("no {part:?} in it"));
        }
        let body = self.body.as_ref()?;
        let expected = serde_json::from_str(&filled(&body.to_string(), variables)).unwrap();
        let found: Value = match serde_json::from_slice(&answer.body) {
            Ok(found) => found,
            Err(error) => return Some(format!("no JSON: {error}")),
        };
        (!holds(&found, &expected)).then(|| format!("{found} lacks {expected}"))
    }
}

/// Whether `expected` is a part of `found`.
fn holds(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (found, Value::String(any)) if any == "{{any}}" => !found.is_null(),
        (Value::Object(found), Value::Object(expected)) => expected
            .iter()
            .all(|(key, value)| found.get(key).is_some_and(|found| holds(found, value))),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(found, expected)| holds(found, expected))
        }
        _ => found == expected,
    }
}

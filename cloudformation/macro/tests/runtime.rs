//! The binary itself, run against a Lambda runtime API
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>): it fetches requests of
//! CloudFormation's and posts answers.

use serde_json::{Value, json};
use sluice_template::read_template;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Far more than an answer takes.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The macro's process; it ends with the test.
struct Macro {
    process: Child,
    answers: Receiver<(String, Value)>,
}

impl Drop for Macro {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Macro {
    fn invoked_with(requests: &[Value]) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = server.local_addr().expect("an address");
        let requests = requests.iter().map(Value::to_string).enumerate().collect();
        let (waiting, (sender, answers)) = (Arc::new(Mutex::new(requests)), channel());
        thread::spawn(move || {
            for connection in server.incoming().flatten() {
                let (waiting, sender) = (Arc::clone(&waiting), sender.clone());
                thread::spawn(move || serve(connection, &waiting, &sender));
            }
        });
        let process = Command::new(env!("CARGO_BIN_EXE_macro"))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "data_platform-macro")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .spawn()
            .expect("the binary starts");
        Macro { process, answers }
    }

    /// The next answer, which must be one and not a failed invocation.
    fn answer(&self) -> Value {
        let (path, answer) = self.answers.recv_timeout(ANSWER_WITHIN).expect("an answer");
        assert!(path.ends_with("/response"), "{path}: {answer}");
        answer
    }
}

/// One connection of the runtime's: it asks for invocations and posts what became of them.
fn serve(
    connection: TcpStream,
    waiting: &Mutex<VecDeque<(usize, String)>>,
    answers: &Sender<(String, Value)>,
) {
    let mut writer = connection.try_clone().expect("a socket");
    let mut reader = BufReader::new(connection);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).expect("a header");
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let path = line.split(' ').nth(1).unwrap_or_default();
        let answer = if path.ends_with("/invocation/next") {
            let Some((at, request)) = waiting.lock().expect("no panic").pop_front() else {
                // As Lambda does: the call hangs until there is something.
                thread::park();
                return;
            };
            format!(
                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-{at}\r\n\
                 Lambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Invoked-Function-Arn: \
                 arn:aws:lambda:eu-central-1:123456789012:function:data_platform-macro\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{request}",
                request.len()
            )
        } else {
            let body = serde_json::from_slice(&body).expect("JSON");
            let _ = answers.send((path.to_owned(), body));
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned()
        };
        writer.write_all(answer.as_bytes()).expect("the runtime reads");
    }
}

/// A request as CloudFormation makes it of a template.
fn request(template: &str, parameters: Value) -> Value {
    let mut fragment = read_template(template).expect("a template");
    fragment.as_object_mut().expect("an object").remove("Transform");
    json!({
        "accountId": "123456789012",
        "fragment": fragment,
        "transformId": "123456789012::Sluice",
        "requestId": "5dba79b5-f117-4de0-9ce4-d40363bfb6ab",
        "region": "eu-central-1",
        "params": {},
        "templateParameterValues": parameters,
    })
}

#[test]
fn the_binary_answers_cloudformation() {
    let queues = include_str!("templates/queues.yaml");
    let macro_ = Macro::invoked_with(&[
        request(queues, json!({"NormalizerTimeoutSeconds": "200"})),
        request(queues, json!({"NormalizerTimeoutSeconds": "1000"})),
        request(include_str!("templates/functions.yaml"), json!({})),
        json!({"requestId": "x", "fragment": {}, "params": {"Name": "a"}}),
        request("Resources: {}", json!({})),
    ]);

    let answer = macro_.answer();
    assert_eq!(answer["requestId"], "5dba79b5-f117-4de0-9ce4-d40363bfb6ab");
    assert_eq!(answer["status"], "success", "{answer}");
    let made = &answer["fragment"]["Resources"];
    assert_eq!(made["Batches"]["Properties"]["VisibilityTimeout"], 1_200);
    assert_eq!(made["BatchesDead"]["Type"], "AWS::SQS::Queue");

    let answer = macro_.answer();
    assert_eq!(answer["status"], "failure");
    assert_eq!(
        answer["errorMessage"],
        "Resource Batches: Properties.ConsumerTimeoutSeconds is \
         {\"Ref\":\"NormalizerTimeoutSeconds\"}, here \"1000\": a whole number from 1 to 900, or a Ref \
         to a parameter that has such a value (the macro calculates with it)"
    );
    assert!(answer.get("fragment").is_none());

    let answer = macro_.answer();
    assert_eq!(answer["status"], "success", "{answer}");
    let answer = macro_.answer();
    assert_eq!((&answer["requestId"], &answer["status"]), (&json!("x"), &json!("failure")));
    let answer = macro_.answer();
    assert_eq!(answer["fragment"], json!({"Resources": {}}));
}

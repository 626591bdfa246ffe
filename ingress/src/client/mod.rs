//! Speaking HTTP to a server: one machine's or AWS's, the contract is the same.

mod endpoint;
mod error;
mod token;

pub(crate) use endpoint::Endpoint;
pub(crate) use error::ClientError;

use crate::failure::Failure;
use clap::Args;
use serde::de::DeserializeOwned;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;
use ureq::http::Response;
use ureq::{Agent, Body};

/// Which server a command speaks to.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The server: of sluice up, or an API Gateway with its stage, which is /main
    #[arg(long, value_name = "URL", env = "SLUICE_ENDPOINT", hide_env_values = true,
          default_value = "http://127.0.0.1:8080", value_parser = Endpoint::parse)]
    endpoint: Endpoint,

    /// A file that holds the token to show: the bare token, or the line name:token of the server's
    /// own file
    #[arg(long, value_name = "FILE", env = "SLUICE_TOKEN_FILE", hide_env_values = true)]
    token_file: Option<PathBuf>,
}

impl ServerArgs {
    /// A client for that many requests at a time.
    pub(crate) fn client(&self, connections: usize) -> Result<Client, Failure> {
        let token = match &self.token_file {
            Some(path) => Some(token::read(path)?),
            None => None,
        };
        Ok(Client::new(self.endpoint.clone(), token, connections))
    }
}

/// How long each step of a request may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A document of 10 MB at 30 KB/s.
const SEND_TIMEOUT: Duration = Duration::from_secs(300);
/// A document becomes durable in milliseconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// A query may compute for long before it answers; the server bounds it.
const QUERY_TIMEOUT: Duration = Duration::from_secs(900);
/// A query's rows, to a slow reader.
const BODY_TIMEOUT: Duration = Duration::from_secs(6 * 60 * 60);

/// The server closes a connection that is idle for 15 s.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// What is read of an answer that is held in memory, bytes.
pub(crate) const ANSWER_BYTES_MAX: u64 = 64_000_000;

/// What is read of a refusal, bytes.
const REFUSAL_BYTES_MAX: u64 = 100_000;

/// A connection to one server. Cheap to share between threads.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    endpoint: Endpoint,
    token: Option<String>,
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    /// Below the endpoint, `/table/orders`.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a [(&'static str, &'static str)],
    /// Not looked at for `Get`.
    pub(crate) body: &'a [u8],
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Method {
    Get,
    /// For queries and for what the server does itself.
    Post,
    Put,
}

#[derive(serde::Deserialize)]
struct Success<T> {
    data: T,
}

impl Client {
    pub(crate) fn new(endpoint: Endpoint, token: Option<String>, connections: usize) -> Self {
        let mut config = Agent::config_builder()
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // A redirect would be followed without the body or without the token.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_send_body(Some(SEND_TIMEOUT))
            .timeout_recv_body(Some(BODY_TIMEOUT))
            .max_idle_age(IDLE_MAX)
            .max_idle_connections(connections)
            .max_idle_connections_per_host(connections);
        if endpoint.is_loopback() {
            // No proxy knows this machine's own address.
            config = config.proxy(None);
        }
        Client { agent: config.build().new_agent(), endpoint, token }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The `data` of a successful answer to a GET.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let request = Request { method: Method::Get, path, headers: &[], body: &[] };
        self.data(request)
    }

    /// The `data` of a successful answer.
    pub(crate) fn data<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T, ClientError> {
        let response = self.send(request)?;
        let status = response.status().as_u16();
        let body = read_body(response.into_body(), ANSWER_BYTES_MAX)?;
        let success: Result<Success<T>, _> = serde_json::from_slice(&body);
        success.map(|success| success.data).map_err(|_| ClientError::Foreign {
            endpoint: self.endpoint.clone(),
            status,
            location: None,
        })
    }

    /// Sends a request; an answer other than 2xx is an error.
    pub(crate) fn send(&self, request: Request<'_>) -> Result<Response<Body>, ClientError> {
        let url = format!("{}{}", self.endpoint, request.path);
        let authorization = self.token.as_ref().map(|token| format!("Bearer {token}"));
        macro_rules! with_headers {
            ($builder:expr) => {{
                let mut builder = $builder;
                for (name, value) in request.headers {
                    builder = builder.header(*name, *value);
                }
                if let Some(value) = &authorization {
                    builder = builder.header("authorization", value);
                }
                let timeout = match request.method {
                    Method::Post => QUERY_TIMEOUT,
                    Method::Get | Method::Put => ANSWER_TIMEOUT,
                };
                builder.config().timeout_recv_response(Some(timeout)).build()
            }};
        }
        let answered = match request.method {
            Method::Get => with_headers!(self.agent.get(&url)).call(),
            Method::Post => with_headers!(self.agent.post(&url)).send(request.body),
            Method::Put => with_headers!(self.agent.put(&url)).send(request.body),
        };
        let response = answered.map_err(|source| ClientError::Unreachable {
            endpoint: self.endpoint.clone(),
            source: Box::new(source),
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.refusal(response))
    }

    fn refusal(&self, response: Response<Body>) -> ClientError {
        let header = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let status = response.status().as_u16();
        let location = header("location").filter(|_| (300..400).contains(&status));
        let retry_after = header("retry-after")
            .and_then(|text| text.trim().parse().ok())
            .map(Duration::from_secs);
        // A refusal whose body breaks off is one all the same.
        let body = read_body(response.into_body(), REFUSAL_BYTES_MAX).unwrap_or_default();
        match error::told(status, &body) {
            Some((code, message)) => ClientError::Refused { status, code, message, retry_after },
            None if matches!(status, 429 | 502..=504) => ClientError::Refused {
                status,
                code: format!("http_{status}"),
                message: "the server, or something before it, is overloaded".to_owned(),
                retry_after,
            },
            None => ClientError::Foreign { endpoint: self.endpoint.clone(), status, location },
        }
    }
}

fn read_body(body: Body, bytes_max: u64) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    body.into_reader()
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| ClientError::BrokenOff { source })?;
    if bytes.len() as u64 > bytes_max {
        return Err(ClientError::TooLong { bytes_max });
    }
    Ok(bytes)
}

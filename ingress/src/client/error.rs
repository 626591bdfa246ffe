//! Why a request has no good answer, and what the person can do about it.

use super::Endpoint;
use crate::failure::Failure;
use std::io;
use std::time::Duration;

/// Why a request failed. The variants are decisions: try again, give up, go on with the rest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nothing answered.
    #[error("no answer from {endpoint}")]
    Unreachable {
        endpoint: Endpoint,
        #[source]
        source: Box<ureq::Error>,
    },
    /// The server said no.
    #[error("{message}")]
    Refused {
        status: u16,
        code: String,
        message: String,
        /// When to come again, where it said so.
        retry_after: Option<Duration>,
    },
    /// Something answered that is no Sluice.
    #[error("{endpoint} answered {status}, but not as Sluice does{}", location.as_deref().map(|to| format!(" (go to {to})")).unwrap_or_default())]
    Foreign { endpoint: Endpoint, status: u16, location: Option<String> },
    /// An answer stopped before its end.
    #[error("the answer broke off")]
    BrokenOff { source: io::Error },
    /// An answer is larger than memory should hold.
    #[error("the answer has more than {bytes_max} bytes")]
    TooLong { bytes_max: u64 },
}

impl ClientError {
    /// Whether the same request may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            ClientError::Unreachable { source, .. } => match &**source {
                // What a certificate fails as.
                ureq::Error::Io(error) => error.kind() != io::ErrorKind::InvalidData,
                ureq::Error::Timeout(_)
                | ureq::Error::HostNotFound
                | ureq::Error::ConnectionFailed
                | ureq::Error::Protocol(_) => true,
                _ => false,
            },
            ClientError::BrokenOff { .. } => true,
            ClientError::Refused { status, .. } => matches!(status, 408 | 429 | 500..),
            ClientError::Foreign { .. } | ClientError::TooLong { .. } => false,
        }
    }

    /// Whether the refusal is about this document, so that others may still be sent.
    pub(crate) fn is_about_the_document(&self) -> bool {
        matches!(self, ClientError::Refused { status: 400 | 409 | 411..=415 | 422, .. })
    }

    /// No server listens there, or the name does not exist; as opposed to one that is slow.
    pub(crate) fn is_absent_server(&self) -> bool {
        let ClientError::Unreachable { source, .. } = self else {
            return false;
        };
        match &**source {
            ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
            ureq::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
            _ => false,
        }
    }

    /// When the server wants to be asked again, where it said so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            ClientError::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            ClientError::Refused { status, .. } | ClientError::Foreign { status, .. } => {
                Some(*status)
            }
            _ => None,
        }
    }

    /// As the end of a command.
    pub(crate) fn into_failure(self) -> Failure {
        let next = self.next();
        let refused_connection = self.is_absent_server();
        let failure = match self {
            ClientError::Unreachable { endpoint, .. } if refused_connection => {
                Failure::failed(anyhow::anyhow!("no server at {endpoint}"))
            }
            error => Failure::failed(error),
        };
        match next {
            Some(next) => failure.next(next),
            None => failure,
        }
    }

    fn next(&self) -> Option<String> {
        let next = match self {
            ClientError::Unreachable { endpoint, .. } if self.is_absent_server() => {
                if endpoint.is_loopback() {
                    "start one with sluice up, or say where it is with --endpoint".to_owned()
                } else {
                    "check --endpoint".to_owned()
                }
            }
            ClientError::Unreachable { endpoint, .. } if !endpoint.is_loopback() => {
                "check --endpoint and the network, and try again".to_owned()
            }
            ClientError::Unreachable { .. } | ClientError::BrokenOff { .. } => {
                "try again; the server's own output says more".to_owned()
            }
            ClientError::Refused { status: 401, .. } => {
                "give a token that the server knows with --token-file".to_owned()
            }
            ClientError::Refused { status: 403, .. } => {
                "check --token-file, and --endpoint (on AWS it ends in the stage, /main)".to_owned()
            }
            ClientError::Refused { status: 404, .. } => {
                "check the name, and that --endpoint has no path beside a stage's".to_owned()
            }
            ClientError::Refused { status: 429 | 503, .. } => "try again later".to_owned(),
            ClientError::Refused { .. } => return None,
            ClientError::Foreign { .. } => {
                "check --endpoint; on AWS it ends in the stage, /main".to_owned()
            }
            ClientError::TooLong { .. } => {
                "ask for less, or for --format csv or ndjson, which hold nothing in memory"
                    .to_owned()
            }
        };
        Some(next)
    }
}

/// Code and message of a refusal: Sluice's own, or API Gateway's `{"message":…}`.
pub(super) fn told(status: u16, body: &[u8]) -> Option<(String, String)> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    if let Some(error) = answer.get("error").filter(|error| error.is_object()) {
        return Some((text(&error["code"])?, text(&error["message"])?));
    }
    let message = answer.get("message").or_else(|| answer.get("Message"))?;
    Some((format!("http_{status}"), text(message)?))
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn refusals_of_both_homes_are_understood() {
        let cases = [
            (r#"{"success":false,"error":{"code":"a","message":"b"}}"#, Some(("a", "b"))),
            (r#"{"message":"Forbidden"}"#, Some(("http_403", "Forbidden"))),
            (r#"{"Message":"no"}"#, Some(("http_403", "no"))),
            (r#"{"error":"x"}"#, None),
            ("<html>", None),
            ("[]", None),
            ("", None),
        ];
        for (body, expected) in cases {
            let got = told(403, body.as_bytes());
            let got = got.as_ref().map(|(code, message)| (code.as_str(), message.as_str()));
            assert_eq!(got, expected, "{body}");
        }
    }
}

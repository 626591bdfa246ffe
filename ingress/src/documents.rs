//! Where a document is: asking the server, once or until it is done.

use crate::client::{Client, ClientError};
use crate::failure::Failure;
use crate::text::counted;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// What the server says about a document, as far as commands look at it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DocumentStatus {
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) rows: Option<u64>,
    #[serde(default)]
    pub(crate) rejects: Option<u64>,
    /// All of it, as answered.
    #[serde(skip)]
    pub(crate) answer: serde_json::Value,
}

impl DocumentStatus {
    /// Whether nothing more will become of it.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state.as_str(), "normalized" | "partly_rejected" | "rejected")
    }
}

/// Pauses between questions: short at first, since a small document is done soon.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Where the document is now.
pub(crate) fn ask(
    client: &Client,
    table: impl std::fmt::Display,
    id: &str,
) -> Result<DocumentStatus, ClientError> {
    let answer: serde_json::Value = client.get(&format!("/table/{table}/object/{id}"))?;
    let status: DocumentStatus = serde_json::from_value(answer.clone()).map_err(|_| {
        ClientError::Foreign { endpoint: client.endpoint().clone(), status: 200, location: None }
    })?;
    Ok(DocumentStatus { answer, ..status })
}

/// Asks until the document is rows or rejects. `not_seen_yet` (AWS, before it is dispatched) and
/// failures for the time being count as not done.
pub(crate) fn wait(
    client: &Client,
    table: impl std::fmt::Display + Copy,
    id: &str,
    deadline: Instant,
) -> Result<DocumentStatus, Failure> {
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let state = match ask(client, table, id) {
            Ok(status) if status.is_done() => return Ok(status),
            Ok(status) => status.state,
            Err(ClientError::Refused { status: 404, code, .. }) if code == "not_seen_yet" => code,
            Err(error) if error.is_transient() && Instant::now() < deadline => {
                pause = LONGEST_PAUSE;
                "not known".to_owned()
            }
            Err(error) => return Err(error.into_failure()),
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let waited = counted(started.elapsed().as_secs(), "second");
            let error = anyhow::anyhow!("document {id} is {state} after {waited}");
            return Err(Failure::failed(error)
                .next(format!("nothing is lost; look again with sluice document {table} {id}")));
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

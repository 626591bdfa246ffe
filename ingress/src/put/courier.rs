//! Brings documents to the server, each as often as it takes.

use super::outgoing::Outgoing;
use crate::backoff;
use crate::client::{Client, ClientError, Method, Request};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sluice_normalizer::TableName;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use uuid::Uuid;

/// Shared by the threads of a run.
#[derive(Debug)]
pub(super) struct Courier<'a> {
    client: &'a Client,
    table: &'a TableName,
    /// How often one request is repeated.
    retries_max: u32,
    /// Whether the server ever answered: if it never did, waiting for it makes no sense.
    answered: AtomicBool,
    retries: AtomicU64,
}

/// How often a request is repeated while the server never answered at all: maybe its name is wrong,
/// and nobody wants to wait for that.
const UNANSWERED_RETRIES_MAX: u32 = 2;

/// How a delivery ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The server holds the document.
    Done,
    /// It took the document and does not tell yet what it holds under this id.
    Unconfirmed { bytes: u64 },
    /// Another body has this id: the file grew or changed while two runs were sending it.
    Taken,
    /// The server does not want this document.
    Refused { code: String, message: String },
}

/// What the server holds under an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    /// A body of so many bytes, as stored.
    Bytes(u64),
}

#[derive(Deserialize)]
struct Status {
    bytes: u64,
}

impl<'a> Courier<'a> {
    pub(super) fn new(client: &'a Client, table: &'a TableName, retries_max: u32) -> Self {
        Courier {
            client,
            table,
            retries_max,
            answered: AtomicBool::new(false),
            retries: AtomicU64::new(0),
        }
    }

    /// How many requests were repetitions.
    pub(super) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// What the server holds under `id` as far as it says.
    pub(super) fn held(&self, id: Uuid) -> Result<Held, ClientError> {
        let path = self.path(id);
        match self.with_retries(|| self.client.get::<Status>(&path)) {
            Ok(status) => Ok(Held::Bytes(status.bytes)),
            Err(ClientError::Refused { status: 404, .. }) => Ok(Held::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Sends one document. An error ends the run: no other document would fare better.
    pub(super) fn deliver(&self, mut document: Outgoing) -> Result<Delivery, ClientError> {
        let path = self.path(document.id);
        let content_type = ("content-type", document.content_type());
        let encoding = [content_type, ("content-encoding", "gzip")];
        let headers = if document.gzip { &encoding[..] } else { &encoding[..1] };
        let body = document.body().map_err(|source| ClientError::BrokenOff { source })?;
        let request = Request { method: Method::Put, path: &path, headers, body: &body };
        if let Err(error) = self.with_retries(|| self.client.data::<IgnoredAny>(request)) {
            return refused(error);
        }
        if !document.to_confirm {
            return Ok(Delivery::Done);
        }
        let bytes = body.len() as u64;
        Ok(match self.held(document.id)? {
            Held::Nothing => Delivery::Unconfirmed { bytes },
            Held::Bytes(held) if held == bytes => Delivery::Done,
            Held::Bytes(_) => Delivery::Taken,
        })
    }

    fn path(&self, id: Uuid) -> String {
        format!("/table/{}/object/{id}", self.table)
    }

    fn with_retries<T>(
        &self,
        request: impl Fn() -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let mut attempt = 0;
        loop {
            let error = match request() {
                Ok(answer) => {
                    self.answered.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if error.status().is_some() {
                self.answered.store(true, Ordering::Relaxed);
            }
            let retries_max = match self.answered.load(Ordering::Relaxed) {
                true => self.retries_max,
                false if error.is_absent_server() => 0,
                false => self.retries_max.min(UNANSWERED_RETRIES_MAX),
            };
            if !error.is_transient() || attempt >= retries_max {
                return Err(error);
            }
            attempt += 1;
            self.retries.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(backoff::pause(attempt, error.retry_after()));
        }
    }
}

fn refused(error: ClientError) -> Result<Delivery, ClientError> {
    if !error.is_about_the_document() {
        return Err(error);
    }
    match error {
        ClientError::Refused { code, message, .. } => Ok(Delivery::Refused { code, message }),
        error => Err(error),
    }
}

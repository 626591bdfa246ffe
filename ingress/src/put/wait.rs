//! Waiting for what becomes of documents.

use super::courier::{Courier, Held};
use super::tally::{Tally, Unconfirmed};
use crate::client::{Client, ClientError};
use crate::documents::{self, DocumentStatus};
use crate::failure::Failure;
use crate::text::counted;
use serde::Serialize;
use sluice_normalizer::TableName;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What became of all documents of a run.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Outcomes {
    pub(super) rows: u64,
    pub(super) rejects: u64,
    pub(super) documents_with_rejects: u64,
}

/// Asks until every document is rows or rejects.
pub(super) fn until_done(
    client: &Client,
    table: &TableName,
    ids: &[Uuid],
    timeout: Duration,
    threads: usize,
) -> Result<Outcomes, Failure> {
    let deadline = Instant::now() + timeout;
    let next = AtomicUsize::new(0);
    let total = Mutex::new(Outcomes::default());
    let work = || -> Result<(), Failure> {
        while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
            let status = documents::wait(client, table, &id.to_string(), deadline)?;
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            add(&mut total, &status);
        }
        Ok(())
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..threads.min(ids.len()).max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    for result in results {
        result.map_err(|_panic| {
            Failure::failed(anyhow::anyhow!("a thread stopped unexpectedly"))
                .next("this is a bug in sluice; everything was sent")
        })??;
    }
    Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn add(total: &mut Outcomes, status: &DocumentStatus) {
    let rejects = status.rejects.unwrap_or(0);
    total.rows += status.rows.unwrap_or(0);
    total.rejects += rejects;
    total.documents_with_rejects += u64::from(rejects > 0);
}

const ASK_EVERY: Duration = Duration::from_millis(500);

/// Asks for the documents that the server took without telling yet what it holds; on AWS that is
/// known once they are dispatched.
pub(super) fn confirm(
    courier: &Courier<'_>,
    unconfirmed: Vec<Unconfirmed>,
    timeout: Duration,
    tally: &mut Tally,
) -> Result<(), ClientError> {
    let deadline = Instant::now() + timeout;
    for Unconfirmed { id, place, bytes } in unconfirmed {
        let held = loop {
            match courier.held(id)? {
                Held::Nothing if Instant::now() < deadline => std::thread::sleep(ASK_EVERY),
                held => break held,
            }
        };
        match held {
            Held::Bytes(held) if held == bytes => {}
            Held::Bytes(_) => super::taken(tally, place),
            Held::Nothing => {
                let waited = counted(timeout.as_secs(), "second");
                let message = format!(
                    "it was accepted, but the server did not say within {waited} what it holds; \
                     run the same command again to be sure"
                );
                tally.failed(place, "not_confirmed", message);
            }
        }
    }
    Ok(())
}

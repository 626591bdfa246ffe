//! Clients that send documents one after the other until they are stopped or the server is gone.

use crate::api::{Api, document_path};
use crate::documents::Document;
use crate::ledger::{Answered, Ledger, Sent};
use crate::reader::corpus::Seeded;
use crate::wire::{Connection, Request};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

pub(crate) const CLIENTS: u64 = 4;

/// Numbers that one client may give to its documents.
const NUMBERS: u64 = 100_000;

/// After a refusal: it is an answer that asks for patience.
const AFTER_REFUSAL: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// Runs against one folder are counted, so that no two documents share a number.
    pub(crate) run: u64,
    /// New documents of each client.
    pub(crate) documents_max: u64,
}

/// Running clients.
pub(crate) struct Posting {
    clients: Vec<JoinHandle<Vec<Sent>>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    accepted: AtomicU64,
    refused: AtomicU64,
}

impl Posting {
    /// `again`: documents to send first.
    pub(crate) fn start(api: Api, plan: Plan, again: &[Sent]) -> Self {
        assert!(plan.documents_max <= NUMBERS);
        let shared = Arc::new(Shared::default());
        let clients = (0..CLIENTS).map(|client| {
            let shared = Arc::clone(&shared);
            let mut queue: Vec<Sent> = again.to_vec();
            queue.retain(|sent| sent.number % CLIENTS == client);
            std::thread::spawn(move || run(api, plan, client, queue, &shared))
        });
        Posting { clients: clients.collect(), shared }
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.shared.accepted.load(Relaxed)
    }

    pub(crate) fn refused(&self) -> u64 {
        self.shared.refused.load(Relaxed)
    }

    /// Whether all clients are done or lost the server.
    pub(crate) fn is_over(&self) -> bool {
        self.clients.iter().all(JoinHandle::is_finished)
    }

    /// Ends the clients and keeps what they know.
    pub(crate) fn finish(self, ledger: &mut Ledger) {
        self.shared.stop.store(true, Relaxed);
        for client in self.clients {
            match client.join() {
                Ok(sent) => sent.into_iter().for_each(|sent| ledger.add(sent)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }
}

fn run(api: Api, plan: Plan, client: u64, again: Vec<Sent>, shared: &Shared) -> Vec<Sent> {
    let mut seeded = Seeded::new(plan.seed ^ (plan.run * CLIENTS + client).wrapping_mul(0x9e37));
    let first = (plan.run * CLIENTS + client) * NUMBERS;
    let mut done = Vec::new();
    let Ok(mut connection) = api.connect() else { return done };
    let new = (first..first + plan.documents_max).map(|number| {
        let document = Document::generate(number, &mut seeded);
        Sent { number, document, answered: Answered::Nothing }
    });
    for mut sent in again.into_iter().chain(new) {
        if shared.stop.load(Relaxed) {
            break;
        }
        let answered = send(&mut connection, &sent.document);
        let lost = answered.is_err();
        sent.answered = answered.unwrap_or(Answered::Nothing);
        match &sent.answered {
            Answered::Accepted(_) => _ = shared.accepted.fetch_add(1, Relaxed),
            Answered::Refused(_) => {
                shared.refused.fetch_add(1, Relaxed);
                std::thread::sleep(AFTER_REFUSAL);
            }
            Answered::Nothing => {}
        }
        done.push(sent);
        if lost {
            break;
        }
    }
    done
}

/// Sends a document; an error means that nobody knows what became of it.
pub(crate) fn send(connection: &mut Connection, document: &Document) -> io::Result<Answered> {
    let body = document.sent_body();
    let mut headers = vec![("content-type", document.content_type())];
    if document.gzip {
        headers.push(("content-encoding", "gzip"));
    }
    let (method, path) = match &document.id {
        Some(id) => ("PUT", document_path(document.table, id)),
        None => ("POST", format!("/table/{}/object", document.table)),
    };
    let request = Request { method, path: &path, headers: &headers, body: &body };
    Ok(Answered::of(&connection.send(&request)?, document))
}

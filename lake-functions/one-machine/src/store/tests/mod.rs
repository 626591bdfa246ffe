//! The store at its boundary, over real files.

mod batches;
mod conformance;
mod crashes;
mod failures;
mod generations;
mod leftovers;
mod parts;
mod puts;
mod queue;
mod retention;

use super::{Clock, Store, StoreOptions};
use futures::executor::block_on as wait;
use sluice_normalizer::{DocumentId, DocumentOutcome, Encoding, Form, Report, TableName};
use sluice_pipeline::{
    Batch, ContentHash, DocumentHead, IngressStore, Ledger, PLAN_FORMAT, Plan, PlannedPart, Put,
    StoredDocument,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-11-20T00:00:00Z, milliseconds.
const TODAY_MS: i64 = 1_795_132_800_000;

/// A store in a folder of its own, with a clock that stands still.
struct Home {
    folder: tempfile::TempDir,
    now_ms: Arc<AtomicI64>,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        Home { folder, now_ms: Arc::new(AtomicI64::new(TODAY_MS)) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data/sluice.db")
    }

    fn options(&self) -> StoreOptions {
        let now_ms = Arc::clone(&self.now_ms);
        StoreOptions::new(Clock::new(move || now_ms.load(Ordering::SeqCst)))
    }

    fn open(&self) -> Store {
        Store::open(&self.path(), self.options()).expect("open the store")
    }

    fn pass_ms(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

fn table(name: &str) -> TableName {
    TableName::parse(name).expect("a table name")
}

fn id(text: &str) -> DocumentId {
    DocumentId::parse(text).expect("a document id")
}

fn document(table_name: &str, id_text: &str, body: &[u8]) -> StoredDocument {
    let head = DocumentHead {
        id: id(id_text),
        table: table(table_name),
        received_at_ms: TODAY_MS,
        principal: None,
        form: Form::Json,
        encoding: Encoding::Identity,
        bytes: body.len() as u64,
        fault: None,
    };
    StoredDocument { head, body: body.to_vec() }
}

fn put(store: &Store, table_name: &str, ids: &[&str]) {
    for id in ids {
        let put = wait(store.put(document(table_name, id, b"{}"))).expect("put");
        assert_eq!(put, Put::Stored);
    }
}

fn batch(table_name: &str, generation: u32, ids: &[&str]) -> Batch {
    Batch::new(table(table_name), generation, ids.iter().map(|text| id(text)).collect())
}

fn plan(batch: &Batch, parts: Vec<PlannedPart>, report: Report) -> Plan {
    Plan {
        format: PLAN_FORMAT,
        build: "0".to_owned(),
        batch: batch.id.to_string(),
        table: batch.table.to_string(),
        generation: batch.generation,
        base_version: 0,
        version: 1,
        settings: ContentHash::sha256(b""),
        documents: batch.documents.iter().map(ToString::to_string).collect(),
        isolated: Vec::new(),
        admitted: true,
        parts,
        report,
    }
}

fn part(physical: &str, generation: u32, date: &str, name: &str, rows: u64) -> PlannedPart {
    PlannedPart {
        table: physical.to_owned(),
        key: format!("{physical}/g{generation}/tier=live/ingest_date={date}/{name}.parquet"),
        rows,
        bytes: 10 * rows,
        sha256: ContentHash::sha256(name.as_bytes()),
    }
}

/// Everything that becomes of a batch of good documents, one row each, in one part.
fn commit(store: &Store, batch: &Batch) {
    let rows = batch.documents.len() as u64;
    let (name, generation) = (batch.table.as_str(), batch.generation);
    let parts = vec![part(name, generation, "2026-11-20", batch.id.as_str(), rows)];
    let report = Report { documents: rows, records: rows, ..Report::default() };
    let plan = plan(batch, parts, report);
    let outcome = DocumentOutcome { rows: 1, ..DocumentOutcome::default() };
    wait(async {
        store.claim(batch, &[]).await.expect("claim");
        store.create_plan(&plan).await.expect("create the plan");
        let outcomes = vec![outcome; batch.documents.len()];
        store.record(&plan, &outcomes).await.expect("record");
        store.commit(&batch.id, &plan.parts).await.expect("commit");
    });
}

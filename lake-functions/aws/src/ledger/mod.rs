//! The ledger in one DynamoDB table, on demand.
//!
//! | `pk` | `sk` | what |
//! |---|---|---|
//! | `document#<id>` | `<table>#g<generation, 10 digits>` | the claim, later the outcome |
//! | `batch#<id>` | `batch` | table, generation, members, state, committed parts, the death told last |
//! | `batch#<id>` | `plan` | the plan |
//! | `batch#<id>` | `trial` | how far the trial is |
//! | `batch#<id>` | `members#…`, `parts#…`, `plan#…`, `trial#…` | pieces of large values |
//! | `table#<name>` | `table` | whether it is admitted, its generation |
//! | `table#<name>` | `rebuild` | the table's last rebuild |
//! | `awaited#<name>#g<generation>` | `<batch id>` | a batch that a rebuild waits for |
//! | `tables` | `count` | how many are admitted |
//! | `sweep` | `cursor` | how far the sweep is |
//!
//! API Gateway answers where a document is by a query of `pk = document#<id>` and
//! `begins_with(sk, "<table>#")`, oldest first, limit 1; the attributes are told in `documents.rs`.
//! `open_batches` is an index of the batches that are not committed, `batches_of_table` one of all
//! batches, by table and the time they were made. [`DynamoLedger::create_table`]
//! makes all of it.
//!
//! Documents, batches and what belongs to them expire by the attribute `expires_at`; a claim must
//! outlive the document in the ingress store by far, or a replayed event could make rows twice (I-2).
//!
//! All reads are consistent except those of the indexes: each decides what is done next. DynamoDB's own
//! retries come first; what is still throttled or broken then is [`PortError::Unavailable`].

mod batches;
mod claimed;
mod create;
mod deaths;
mod documents;
mod fault;
mod item;
mod large;
mod limits;
mod open;
mod plans;
mod rebuilds;
mod sweep_cursor;
mod tables;

use aws_sdk_dynamodb::Client;
use fault::Fault;
use sluice_normalizer::{BatchId, DocumentId, DocumentOutcome, TableName};
use sluice_pipeline::{
    Batch, BatchRecord, Created, DocumentHead, DocumentRecord, Ledger, Plan, PlannedPart,
    PortError, Trial,
};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

pub use sweep_cursor::SweepCursor;

/// The index of batches that are not committed.
const OPEN_BATCHES_INDEX: &str = "open_batches";

/// The index of all batches, by table.
const BATCHES_OF_TABLE_INDEX: &str = "batches_of_table";

/// The ledger. Clones share what they remember.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    client: Client,
    table: String,
    lifetime_days: u32,
    /// Tables known to be admitted, which they stay. At most as many as the platform has.
    admitted: Arc<Mutex<HashSet<TableName>>>,
}

impl DynamoLedger {
    /// The ledger in a table. `lifetime_days`: how long a claim is kept; well beyond the time that
    /// the ingress store keeps documents.
    #[must_use]
    pub fn new(client: Client, table: String, lifetime_days: u32) -> Self {
        DynamoLedger { client, table, lifetime_days, admitted: Arc::default() }
    }

    fn failed(&self, fault: Fault, what: &str) -> PortError {
        fault.at(format!("{what} (ledger table {})", self.table))
    }
}

impl Ledger for DynamoLedger {
    /// A table once admitted is remembered and costs no call.
    async fn admit(&self, table: &TableName, tables_max: u32) -> Result<bool, PortError> {
        let remembered = || self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered().contains(table) {
            return Ok(true);
        }
        let admitted = self.admit_within(table, tables_max).await;
        let admitted =
            admitted.map_err(|fault| self.failed(fault, &format!("admit table {table}")))?;
        if admitted {
            remembered().insert(table.clone());
        }
        Ok(admitted)
    }

    async fn generation(&self, table: &TableName) -> Result<u32, PortError> {
        let found = self.current_generation(table).await;
        found.map_err(|fault| self.failed(fault, &format!("read the generation of {table}")))
    }

    async fn create_batch(&self, batch: &Batch) -> Result<Created, PortError> {
        let created = self.keep_batch(batch).await;
        created.map_err(|fault| self.failed(fault, &format!("create batch {}", batch.id)))
    }

    async fn batch(&self, id: &BatchId) -> Result<Option<BatchRecord>, PortError> {
        let found = self.find_batch(id.as_str()).await;
        found.map_err(|fault| self.failed(fault, &format!("read batch {id}")))
    }

    /// One conditional write a document.
    async fn claim(&self, batch: &Batch, heads: &[DocumentHead]) -> Result<Vec<bool>, PortError> {
        let claimed = self.claim_all(batch, heads).await;
        claimed.map_err(|fault| self.failed(fault, &format!("claim for batch {}", batch.id)))
    }

    async fn trial(&self, id: &BatchId) -> Result<Option<Trial>, PortError> {
        let found = self.find_trial(id.as_str()).await;
        found.map_err(|fault| self.failed(fault, &format!("read the trial of batch {id}")))
    }

    async fn keep_trial(&self, id: &BatchId, trial: &Trial) -> Result<(), PortError> {
        let kept = self.put_trial(id.as_str(), trial).await;
        kept.map_err(|fault| self.failed(fault, &format!("keep the trial of batch {id}")))
    }

    async fn create_plan(&self, plan: &Plan) -> Result<Created, PortError> {
        let created = self.keep_plan(plan).await;
        let what = || format!("create the plan of batch {}", plan.batch);
        created.map_err(|fault| self.failed(fault, &what()))
    }

    async fn plan(&self, id: &BatchId) -> Result<Option<Plan>, PortError> {
        let found = self.find_plan(id.as_str()).await;
        found.map_err(|fault| self.failed(fault, &format!("read the plan of batch {id}")))
    }

    async fn record(&self, plan: &Plan, outcomes: &[DocumentOutcome]) -> Result<(), PortError> {
        let recorded = self.record_all(plan, outcomes).await;
        recorded.map_err(|fault| self.failed(fault, &format!("record batch {}", plan.batch)))
    }

    async fn commit(&self, id: &BatchId, parts: &[PlannedPart]) -> Result<(), PortError> {
        let committed = self.end_batch(id.as_str(), parts).await;
        committed.map_err(|fault| self.failed(fault, &format!("commit batch {id}")))
    }

    async fn document(
        &self,
        table: &TableName,
        generation: u32,
        id: &DocumentId,
    ) -> Result<Option<DocumentRecord>, PortError> {
        let found = self.find_document(table, generation, id).await;
        found.map_err(|fault| self.failed(fault, &format!("look up document {id} of {table}")))
    }
}

//! The ledger: which batch holds which document, and how far it is.

use super::handle::Store;
use super::transaction::table_id;
use super::{batches, claims, outcomes, plans, trials};
use sluice_normalizer::{BatchId, DocumentId, DocumentOutcome, TableName};
use sluice_pipeline::{
    Batch, BatchRecord, Created, DocumentHead, DocumentRecord, Ledger, Plan, PlannedPart,
    PortError, Trial,
};

/// All members of a batch and all documents of a plan must be in the ingress store, whether or not
/// their bodies are; others are damage.
impl Ledger for Store {
    /// A table that has a document is one of the platform's; [`Store::put_within`] sees to the bound.
    async fn admit(&self, table: &TableName, tables_max: u32) -> Result<bool, PortError> {
        let (what, table) = (format!("admit table {table}"), table.clone());
        let name = table.clone();
        // Asked once a batch, and the answer is nearly always yes: the writer has other work.
        let known = self.read(what.clone(), move |connection| Ok(table_id(connection, &name)?));
        if known.await?.is_some() {
            return Ok(true);
        }
        self.write(what, move |transaction| {
            Ok(transaction.table_within(&table, tables_max)?.is_some())
        })
        .await
    }

    async fn generation(&self, table: &TableName) -> Result<u32, PortError> {
        let (what, table) = (format!("read the generation of {table}"), table.clone());
        self.read(what, move |connection| super::generations::current(connection, &table)).await
    }

    async fn create_batch(&self, batch: &Batch) -> Result<Created, PortError> {
        self.batches().learn(&batch.id);
        let (what, batch) = (format!("create batch {}", batch.id), batch.clone());
        self.write(what, move |transaction| batches::create(transaction, &batch)).await
    }

    async fn batch(&self, id: &BatchId) -> Result<Option<BatchRecord>, PortError> {
        let (what, id) = (format!("read batch {id}"), id.clone());
        self.read(what, move |connection| batches::find(connection, id)).await
    }

    /// A batch that is not known is created. The heads are the ingress store's, in the same file.
    async fn claim(&self, batch: &Batch, _: &[DocumentHead]) -> Result<Vec<bool>, PortError> {
        self.batches().learn(&batch.id);
        let (what, batch) = (format!("claim for batch {}", batch.id), batch.clone());
        self.write(what, move |transaction| claims::claim(transaction, &batch)).await
    }

    async fn trial(&self, id: &BatchId) -> Result<Option<Trial>, PortError> {
        let (what, id) = (format!("read the trial of batch {id}"), id.clone());
        self.read(what, move |connection| trials::find(connection, id.as_str())).await
    }

    async fn keep_trial(&self, id: &BatchId, trial: &Trial) -> Result<(), PortError> {
        let (what, id) = (format!("keep the trial of batch {id}"), id.clone());
        let json = serde_json::to_string(trial).expect("a trial has only string keys");
        self.write(what, move |transaction| trials::keep(transaction, id.as_str(), &json)).await
    }

    async fn create_plan(&self, plan: &Plan) -> Result<Created, PortError> {
        let what = format!("create the plan of batch {}", plan.batch);
        let stored = match plans::Stored::of(plan) {
            Ok(stored) => stored,
            Err(fault) => return Err(fault.at(what)),
        };
        self.write(what, move |transaction| plans::create(transaction, &stored)).await
    }

    async fn plan(&self, id: &BatchId) -> Result<Option<Plan>, PortError> {
        let (what, id) = (format!("read the plan of batch {id}"), id.clone());
        self.read(what, move |connection| plans::find(connection, id.as_str())).await
    }

    async fn record(&self, plan: &Plan, outcomes: &[DocumentOutcome]) -> Result<(), PortError> {
        let what = format!("record batch {}", plan.batch);
        let (batch, outcomes) = (plan.batch.clone(), outcomes.to_vec());
        self.write(what, move |transaction| outcomes::record(transaction, &batch, &outcomes)).await
    }

    /// [`Store::commit_batch`] tells what readers see from now on.
    async fn commit(&self, id: &BatchId, parts: &[PlannedPart]) -> Result<(), PortError> {
        self.commit_batch(id, parts).await.map(|_| ())
    }

    async fn document(
        &self,
        table: &TableName,
        generation: u32,
        id: &DocumentId,
    ) -> Result<Option<DocumentRecord>, PortError> {
        let (what, table, id) = (format!("look up document {id}"), table.clone(), id.clone());
        let batches = self.batches().clone();
        self.read(what, move |connection| {
            outcomes::find(connection, &batches, &table, generation, &id)
        })
        .await
    }
}

//! The ledger as a port: one conditional write a claim, one write an outcome, as with DynamoDB.

use super::Ports;
use crate::protocol::Protocol;
use crate::world::ledger::BatchRow;
use crate::world::{KEEP_TRIAL, State};
use sluice_normalizer::{BatchId, DocumentId, DocumentOutcome, TableName};
use sluice_pipeline::{
    Batch, BatchRecord, BatchState, Created, DocumentHead, DocumentRecord, Ledger, Plan,
    PlannedPart, PortError, Trial,
};

impl Ledger for Ports {
    async fn admit(&self, table: &TableName, tables_max: u32) -> Result<bool, PortError> {
        let of = table.clone();
        let admit = move |state: &mut State| {
            let tables = &mut state.ledger.tables;
            if tables.len() < tables_max as usize {
                tables.insert(of.clone());
            }
            tables.contains(&of)
        };
        self.world.call("ledger", "admit", table.as_str(), admit).await
    }

    async fn generation(&self, table: &TableName) -> Result<u32, PortError> {
        let of = table.clone();
        let current = move |state: &mut State| state.generations.current(&of);
        self.world.call("ledger", "generation", table.as_str(), current).await
    }

    async fn create_batch(&self, batch: &Batch) -> Result<Created, PortError> {
        let about = batch.id.to_string();
        let batch = batch.clone();
        let create = move |state: &mut State| {
            if state.ledger.batches.contains_key(&batch.id) {
                return Created::Exists;
            }
            state.check_batch(&batch);
            let row = BatchRow::new(batch, state.now_ms);
            state.ledger.batches.insert(row.batch.id.clone(), row);
            Created::New
        };
        self.world.call("ledger", "create batch", &about, create).await
    }

    async fn batch(&self, id: &BatchId) -> Result<Option<BatchRecord>, PortError> {
        let of = id.clone();
        let get = move |state: &mut State| {
            let row = state.ledger.batches.get(&of)?;
            let batch_state =
                if row.parts.is_some() { BatchState::Committed } else { BatchState::Open };
            Some(BatchRecord { batch: row.batch.clone(), state: batch_state })
        };
        self.world.call("ledger", "batch", id.as_str(), get).await
    }

    async fn claim(&self, batch: &Batch, _: &[DocumentHead]) -> Result<Vec<bool>, PortError> {
        let mut ours = Vec::new();
        for id in &batch.documents {
            let key = (batch.table.clone(), batch.generation, id.clone());
            let by = batch.id.clone();
            let claim = move |state: &mut State| {
                let holder = state.ledger.claims.entry(key).or_insert_with(|| by.clone());
                let ours = *holder == by;
                if !ours {
                    state.came_up("document held by another batch");
                }
                ours || state.protocol == Protocol::ClaimsSkipped
            };
            ours.push(self.world.call("ledger", "claim", id.as_str(), claim).await?);
        }
        Ok(ours)
    }

    async fn trial(&self, id: &BatchId) -> Result<Option<Trial>, PortError> {
        let of = id.clone();
        let get = move |state: &mut State| state.ledger.batches.get(&of)?.trial.clone();
        self.world.call("ledger", "trial", id.as_str(), get).await
    }

    async fn keep_trial(&self, id: &BatchId, trial: &Trial) -> Result<(), PortError> {
        let about = format!("{id}: tried {}, begun {}", trial.tried, trial.begun);
        let (of, trial) = (id.clone(), trial.clone());
        let keep = move |state: &mut State| {
            let row = state.ledger.batches.get_mut(&of);
            // The conformance suite keeps trials of known batches only.
            row.expect("a known batch").trial = Some(trial);
        };
        self.world.call("ledger", KEEP_TRIAL, &about, keep).await
    }

    async fn create_plan(&self, plan: &Plan) -> Result<Created, PortError> {
        if self.protocol() == Protocol::PartsBeforePlan {
            let known = self.world.state().plan(&plan.batch).is_some();
            if !known {
                self.held().plan = Some(plan.clone());
                return Ok(Created::New);
            }
        }
        self.create_plan_now(plan).await
    }

    async fn plan(&self, id: &BatchId) -> Result<Option<Plan>, PortError> {
        let of = id.clone();
        let get = move |state: &mut State| state.ledger.batches.get(&of)?.plan.clone();
        self.world.call("ledger", "plan", id.as_str(), get).await
    }

    async fn record(&self, plan: &Plan, outcomes: &[DocumentOutcome]) -> Result<(), PortError> {
        let held = self.held().plan.take();
        if let Some(held) = held {
            self.create_plan_now(&held).await?;
        }
        let table = TableName::from_stored(&plan.table).expect("a planned table");
        for (id, outcome) in plan.documents.iter().zip(outcomes) {
            let document = DocumentId::parse(id).expect("a planned document");
            let key = (table.clone(), plan.generation, document);
            let outcome = outcome.clone();
            let record = move |state: &mut State| {
                state.ledger.outcomes.insert(key, outcome);
            };
            self.world.call("ledger", "record", id, record).await?;
        }
        Ok(())
    }

    async fn commit(&self, id: &BatchId, parts: &[PlannedPart]) -> Result<(), PortError> {
        let (of, written) = (id.clone(), parts.to_vec());
        let commit = move |state: &mut State| {
            if let Some(row) = state.ledger.batches.get_mut(&of) {
                let current = state.generations.current(&row.batch.table);
                if row.parts.is_some() {
                    state.came_up("batch committed by another");
                } else {
                    row.parts = Some(written);
                    row.committed_in = current;
                }
            }
        };
        self.world.call("ledger", "commit", id.as_str(), commit).await?;
        let parts = std::mem::take(&mut self.held().parts);
        for (key, content) in parts {
            self.write_part_now(&key, &content).await?;
        }
        let registry = self.held().registry.take();
        if let Some(registry) = registry {
            self.show_now(&registry).await?;
        }
        Ok(())
    }

    async fn document(
        &self,
        table: &TableName,
        generation: u32,
        id: &DocumentId,
    ) -> Result<Option<DocumentRecord>, PortError> {
        let key = (table.clone(), generation, id.clone());
        let get = move |state: &mut State| state.ledger.document(&key);
        self.world.call("ledger", "document", id.as_str(), get).await
    }
}

impl Ports {
    async fn create_plan_now(&self, plan: &Plan) -> Result<Created, PortError> {
        let about = plan.batch.clone();
        let plan = plan.clone();
        let create = move |state: &mut State| {
            let overwrites = state.protocol == Protocol::PlanOverwrites;
            let Some(row) = state.ledger.batches.values_mut().find(|row| row.is(&plan.batch))
            else {
                return Created::New;
            };
            if row.plan.is_some() && !overwrites {
                state.came_up("batch planned by another");
                return Created::Exists;
            }
            row.plan = Some(plan.clone());
            state.check_plan(&plan);
            Created::New
        };
        self.world.call("ledger", "create plan", &about, create).await
    }
}

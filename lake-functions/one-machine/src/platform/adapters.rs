//! The store's ledger and catalog, with the index in memory kept in step.

use super::index::LakeIndex;
use crate::store::Store;
use sluice_normalizer::{BatchId, DocumentId, DocumentOutcome, Registry, TableName};
use sluice_pipeline::{
    Batch, BatchRecord, Catalog, Created, DocumentHead, DocumentRecord, Ledger, Plan, PlannedPart,
    PortError, Shown, Trial,
};
use std::sync::Arc;
use tokio::sync::{RwLock, RwLockWriteGuard};

/// The store, and what its readers see in memory.
#[derive(Debug, Clone)]
pub(crate) struct IndexedStore {
    pub(crate) store: Store,
    pub(crate) index: Arc<LakeIndex>,
    gate: Arc<RwLock<()>>,
}

impl IndexedStore {
    pub(crate) fn new(store: Store, index: Arc<LakeIndex>) -> Self {
        IndexedStore { store, index, gate: Arc::default() }
    }

    /// Until this is dropped the store may be ahead of the index.
    pub(crate) async fn ahead(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// After this the index has all that the store has told so far: who was told that a document is
    /// normalized finds its rows.
    pub(crate) async fn in_step(&self) {
        drop(self.gate.read().await);
    }
}

impl Ledger for IndexedStore {
    async fn admit(&self, table: &TableName, tables_max: u32) -> Result<bool, PortError> {
        self.store.admit(table, tables_max).await
    }

    async fn generation(&self, table: &TableName) -> Result<u32, PortError> {
        self.store.generation(table).await
    }

    async fn create_batch(&self, batch: &Batch) -> Result<Created, PortError> {
        self.store.create_batch(batch).await
    }

    async fn batch(&self, id: &BatchId) -> Result<Option<BatchRecord>, PortError> {
        self.store.batch(id).await
    }

    async fn claim(&self, batch: &Batch, heads: &[DocumentHead]) -> Result<Vec<bool>, PortError> {
        self.store.claim(batch, heads).await
    }

    async fn trial(&self, id: &BatchId) -> Result<Option<Trial>, PortError> {
        self.store.trial(id).await
    }

    async fn keep_trial(&self, id: &BatchId, trial: &Trial) -> Result<(), PortError> {
        self.store.keep_trial(id, trial).await
    }

    async fn create_plan(&self, plan: &Plan) -> Result<Created, PortError> {
        self.store.create_plan(plan).await
    }

    async fn plan(&self, id: &BatchId) -> Result<Option<Plan>, PortError> {
        self.store.plan(id).await
    }

    async fn record(&self, plan: &Plan, outcomes: &[DocumentOutcome]) -> Result<(), PortError> {
        self.store.record(plan, outcomes).await
    }

    async fn commit(&self, id: &BatchId, parts: &[PlannedPart]) -> Result<(), PortError> {
        let _ahead = self.ahead().await;
        let committed = self.store.commit_batch(id, parts).await?;
        // Of a batch that was committed before there are no parts here.
        self.index.add(committed.table.as_str(), committed.generation, committed.parts);
        Ok(())
    }

    async fn document(
        &self,
        table: &TableName,
        generation: u32,
        id: &DocumentId,
    ) -> Result<Option<DocumentRecord>, PortError> {
        self.store.document(table, generation, id).await
    }
}

impl Catalog for IndexedStore {
    async fn show(&self, registry: &Registry) -> Result<(), PortError> {
        self.store.show(registry).await?;
        self.index.show(registry);
        Ok(())
    }

    async fn shown(&self, table: &TableName, generation: u32) -> Result<Option<Shown>, PortError> {
        self.store.shown(table, generation).await
    }
}

//! Every port in memory, with calls that fail on demand.

mod rebuilds;

use sluice_normalizer::{BatchId, DocumentId, DocumentOutcome, Registry, TableName};
use sluice_pipeline::{
    Batch, BatchMessage, BatchRecord, BatchState, Catalog, ContentHash, Created, DeadLetter,
    DeadLetters, Delivery, DocumentHead, DocumentRecord, IngressStore, LakeStore, Ledger, Note,
    OpenBatch, OpenBatches, OpenPage, Plan, PlannedPart, PortError, Put, Rebuild, Receipt,
    Replayed, Shown, StoredDocument, Trial, WorkQueue,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// All ports. Clones share their state.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    /// The generation whose batches are sent beside the live ones; see [`sluice_pipeline::Lanes`].
    lane: Option<u32>,
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It does nothing.
    Before,
    /// It does what it was asked, and the answer is lost.
    After,
}

#[derive(Debug, Default)]
struct State {
    calls: u64,
    fault: Option<(u64, Fault)>,
    documents: HashMap<DocumentId, StoredDocument>,
    arrivals: Vec<DocumentId>,
    batches: HashMap<String, BatchRecord>,
    claims: BTreeMap<(TableName, u32, DocumentId), DocumentRecord>,
    outcomes: BTreeMap<(TableName, u32, DocumentId), DocumentOutcome>,
    tables: BTreeSet<TableName>,
    trials: HashMap<String, Trial>,
    plans: HashMap<String, Plan>,
    committed: BTreeMap<String, Vec<PlannedPart>>,
    messages: Vec<Message>,
    dead: Vec<DeadLetter>,
    receipts: u64,
    registries: BTreeMap<(TableName, u32), BTreeMap<u64, Registry>>,
    settings: HashMap<String, String>,
    parts: BTreeMap<String, Vec<u8>>,
    shown: HashMap<(TableName, u32), u64>,
    generations: BTreeMap<TableName, u32>,
    rebuilds: BTreeMap<TableName, Rebuild>,
    replayed: BTreeMap<BatchId, Replayed>,
    awaited: BTreeMap<(TableName, u32), BTreeMap<BatchId, Note>>,
}

#[derive(Debug)]
struct Message {
    message: BatchMessage,
    lane: Option<u32>,
    receives: u32,
    /// The delivery that has it.
    out: Option<Receipt>,
    /// Given back with a delay, which never passes: the fake has no clock.
    delayed: bool,
}

impl Memory {
    /// Lets the call number `call` (from 0, counted from now) fail, once.
    pub fn fail(&self, call: u64, fault: Fault) {
        let mut state = self.locked();
        state.fault = Some((state.calls + call, fault));
    }

    /// Whether the fault asked for has not come yet.
    #[must_use]
    pub fn fault_waits(&self) -> bool {
        self.locked().fault.is_some()
    }

    /// The heads of all documents, in order of arrival.
    #[must_use]
    pub fn heads(&self) -> Vec<DocumentHead> {
        let state = self.locked();
        state.arrivals.iter().map(|id| state.documents[id].head.clone()).collect()
    }

    /// Every part of a committed batch: key and content, none where it is missing.
    #[must_use]
    pub fn committed_parts(&self) -> Vec<(PlannedPart, Option<Vec<u8>>)> {
        let state = self.locked();
        let parts = state.committed.values().flatten();
        parts.map(|part| (part.clone(), state.parts.get(&part.key).cloned())).collect()
    }

    /// Whether every batch is committed.
    #[must_use]
    pub fn all_committed(&self) -> bool {
        self.locked().batches.values().all(|record| record.state == BatchState::Committed)
    }

    /// Sets a message aside.
    pub fn bury(&self, message: &BatchMessage) {
        let mut state = self.locked();
        state.receipts += 1;
        let receipt = Receipt(state.receipts.to_string());
        state.dead.push(DeadLetter { message: message.clone(), receipt });
    }

    /// Makes every message due that is out or delayed, as after a restart.
    pub fn redeliver(&self) {
        for message in &mut self.locked().messages {
            message.out = None;
            message.delayed = false;
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T>(&self, what: &str, act: impl FnOnce(&mut State) -> T) -> Result<T, PortError> {
        let mut state = self.locked();
        let now = state.calls;
        state.calls += 1;
        let fault = state.fault.filter(|(call, _)| *call == now).map(|(_, fault)| fault);
        let failed = || PortError::Unavailable {
            what: what.to_owned(),
            source: "the fault that was asked for".into(),
        };
        if fault.is_some() {
            state.fault = None;
        }
        if fault == Some(Fault::Before) {
            return Err(failed());
        }
        let done = act(&mut state);
        if fault == Some(Fault::After) { Err(failed()) } else { Ok(done) }
    }
}

fn damaged(what: &str) -> PortError {
    PortError::Damaged { what: what.to_owned(), source: "there is no such thing".into() }
}

impl IngressStore for Memory {
    async fn put(&self, document: StoredDocument) -> Result<Put, PortError> {
        self.call("put", |state| {
            if let Some(first) = state.documents.get(&document.head.id) {
                return Put::Taken(first.head.clone());
            }
            state.arrivals.push(document.head.id.clone());
            state.documents.insert(document.head.id.clone(), document);
            Put::Stored
        })
    }

    async fn get(&self, id: &DocumentId) -> Result<Option<StoredDocument>, PortError> {
        self.call("get", |state| state.documents.get(id).cloned())
    }

    async fn get_all(&self, ids: &[DocumentId]) -> Result<Vec<Option<StoredDocument>>, PortError> {
        self.call("get all", |state| {
            ids.iter().map(|id| state.documents.get(id).cloned()).collect()
        })
    }
}

impl Ledger for Memory {
    async fn admit(&self, table: &TableName, tables_max: u32) -> Result<bool, PortError> {
        self.call("admit", |state| {
            if state.tables.len() < tables_max as usize {
                state.tables.insert(table.clone());
            }
            state.tables.contains(table)
        })
    }

    async fn generation(&self, table: &TableName) -> Result<u32, PortError> {
        self.call("generation", |state| state.generations.get(table).copied().unwrap_or(1))
    }

    async fn create_batch(&self, batch: &Batch) -> Result<Created, PortError> {
        self.call("create batch", |state| {
            let id = batch.id.to_string();
            if state.batches.contains_key(&id) {
                return Created::Exists;
            }
            let record = BatchRecord { batch: batch.clone(), state: BatchState::Open };
            state.batches.insert(id, record);
            Created::New
        })
    }

    async fn batch(&self, id: &BatchId) -> Result<Option<BatchRecord>, PortError> {
        self.call("batch", |state| state.batches.get(id.as_str()).cloned())
    }

    async fn claim(&self, batch: &Batch, _: &[DocumentHead]) -> Result<Vec<bool>, PortError> {
        self.call("claim", |state| {
            let claim = |id: &DocumentId| {
                let key = (batch.table.clone(), batch.generation, id.clone());
                let free = || DocumentRecord { batch: batch.id.clone(), outcome: None };
                state.claims.entry(key).or_insert_with(free).batch == batch.id
            };
            batch.documents.iter().map(claim).collect()
        })
    }

    async fn trial(&self, id: &BatchId) -> Result<Option<Trial>, PortError> {
        self.call("trial", |state| state.trials.get(id.as_str()).cloned())
    }

    async fn keep_trial(&self, id: &BatchId, trial: &Trial) -> Result<(), PortError> {
        self.call("keep trial", |state| {
            state.trials.insert(id.to_string(), trial.clone());
        })
    }

    async fn create_plan(&self, plan: &Plan) -> Result<Created, PortError> {
        self.call("create plan", |state| {
            if state.plans.contains_key(&plan.batch) {
                return Created::Exists;
            }
            state.plans.insert(plan.batch.clone(), plan.clone());
            Created::New
        })
    }

    async fn plan(&self, id: &BatchId) -> Result<Option<Plan>, PortError> {
        self.call("plan", |state| state.plans.get(id.as_str()).cloned())
    }

    async fn record(&self, plan: &Plan, outcomes: &[DocumentOutcome]) -> Result<(), PortError> {
        self.call("record", |state| {
            let table = TableName::from_stored(&plan.table).expect("a planned table");
            for (id, outcome) in plan.documents.iter().zip(outcomes) {
                let id = DocumentId::parse(id).expect("a planned document");
                let key = (table.clone(), plan.generation, id);
                state.outcomes.insert(key, outcome.clone());
            }
        })
    }

    async fn commit(&self, id: &BatchId, parts: &[PlannedPart]) -> Result<(), PortError> {
        self.call("commit", |state| {
            if let Some(record) = state.batches.get_mut(id.as_str()) {
                record.state = BatchState::Committed;
                let parts = || parts.to_vec();
                state.committed.entry(id.to_string()).or_insert_with(parts);
            }
        })
    }

    async fn document(
        &self,
        table: &TableName,
        generation: u32,
        id: &DocumentId,
    ) -> Result<Option<DocumentRecord>, PortError> {
        self.call("document", |state| {
            let key = (table.clone(), generation, id.clone());
            let claim = state.claims.get(&key)?;
            let committed = state.committed.contains_key(claim.batch.as_str());
            let outcome = state.outcomes.get(&key).filter(|_| committed).cloned();
            Some(DocumentRecord { outcome, ..claim.clone() })
        })
    }
}

impl WorkQueue for Memory {
    async fn send(&self, message: &BatchMessage) -> Result<(), PortError> {
        self.call("send", |state| {
            state.messages.push(Message {
                message: message.clone(),
                lane: self.lane,
                receives: 0,
                out: None,
                delayed: false,
            });
        })
    }

    async fn receive(&self) -> Result<Option<Delivery>, PortError> {
        self.call("receive", |state| {
            let mut groups = Vec::new();
            for message in &mut state.messages {
                // Only the first of a table's lane can be due.
                let group = (message.message.table.clone(), message.lane);
                if groups.contains(&group) {
                    continue;
                }
                groups.push(group);
                if message.out.is_none() && !message.delayed {
                    state.receipts += 1;
                    message.receives += 1;
                    let receipt = Receipt(state.receipts.to_string());
                    message.out = Some(receipt.clone());
                    let receives = message.receives;
                    return Some(Delivery { message: message.message.clone(), receives, receipt });
                }
            }
            None
        })
    }

    async fn delete(&self, receipt: &Receipt) -> Result<(), PortError> {
        self.call("delete", |state| {
            state.messages.retain(|message| message.out.as_ref() != Some(receipt));
        })
    }

    async fn release(&self, receipt: &Receipt, delay: Duration) -> Result<(), PortError> {
        self.call("release", |state| {
            let mut out = state.messages.iter_mut();
            if let Some(message) = out.find(|message| message.out.as_ref() == Some(receipt)) {
                message.out = None;
                message.delayed = !delay.is_zero();
            }
        })
    }
}

impl DeadLetters for Memory {
    async fn list(&self, max: usize) -> Result<Vec<DeadLetter>, PortError> {
        self.call("list dead letters", |state| state.dead.iter().take(max).cloned().collect())
    }

    async fn delete(&self, receipt: &Receipt) -> Result<(), PortError> {
        self.call("delete a dead letter", |state| {
            state.dead.retain(|letter| letter.receipt != *receipt);
        })
    }
}

/// Batches a page.
const PAGE: usize = 2;

impl OpenBatches for Memory {
    async fn open_batches(
        &self,
        made_before_ms: i64,
        from: Option<&str>,
    ) -> Result<OpenPage, PortError> {
        self.call("open batches", |state| {
            // The fake has no clock: everything was made at time 0.
            let open = state.batches.values().filter(|record| {
                record.state == BatchState::Open
                    && made_before_ms > 0
                    && from.is_none_or(|from| record.batch.id.as_str() > from)
            });
            let mut open: Vec<_> = open.map(|record| &record.batch).collect();
            open.sort_by_key(|batch| &batch.id);
            let more = open.len() > PAGE;
            open.truncate(PAGE);
            let next = open.last().filter(|_| more).map(|batch| batch.id.to_string());
            let batches = open.into_iter().map(|batch| OpenBatch {
                table: batch.table.clone(),
                generation: batch.generation,
                id: batch.id.clone(),
            });
            OpenPage { batches: batches.collect(), next }
        })
    }
}

impl LakeStore for Memory {
    async fn latest_registry(
        &self,
        table: &TableName,
        generation: u32,
    ) -> Result<Registry, PortError> {
        self.call("latest registry", |state| {
            let versions = state.registries.get(&(table.clone(), generation));
            let newest = versions.and_then(|versions| versions.values().next_back());
            newest.cloned().unwrap_or_else(|| Registry::empty(table, generation))
        })
    }

    async fn registry(
        &self,
        table: &TableName,
        generation: u32,
        version: u64,
    ) -> Result<Registry, PortError> {
        if version == 0 {
            return Ok(Registry::empty(table, generation));
        }
        let found = self.call("registry", |state| {
            state.registries.get(&(table.clone(), generation))?.get(&version).cloned()
        })?;
        found.ok_or_else(|| damaged("registry"))
    }

    async fn create_registry(&self, registry: &Registry) -> Result<Created, PortError> {
        self.call("create registry", |state| {
            let table = TableName::parse(&registry.table).expect("a registry's table");
            let versions = state.registries.entry((table, registry.generation)).or_default();
            if versions.contains_key(&registry.version) {
                return Created::Exists;
            }
            versions.insert(registry.version, registry.clone());
            Created::New
        })
    }

    async fn keep_settings(&self, hash: &ContentHash, text: &str) -> Result<(), PortError> {
        self.call("keep settings", |state| {
            state.settings.insert(hash.to_string(), text.to_owned());
        })
    }

    async fn settings(&self, hash: &ContentHash) -> Result<String, PortError> {
        let found =
            self.call("settings", |state| state.settings.get(&hash.to_string()).cloned())?;
        found.ok_or_else(|| damaged("settings"))
    }

    async fn write_part(&self, key: &str, content: &[u8]) -> Result<(), PortError> {
        self.call("write part", |state| {
            state.parts.insert(key.to_owned(), content.to_vec());
        })
    }

    async fn part(&self, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        self.call("part", |state| state.parts.get(key).cloned())
    }
}

impl Catalog for Memory {
    async fn show(&self, registry: &Registry) -> Result<(), PortError> {
        self.call("show", |state| {
            let table = TableName::parse(&registry.table).expect("a registry's table");
            let shown = state.shown.entry((table, registry.generation)).or_default();
            *shown = registry.version.max(*shown);
        })
    }

    async fn shown(&self, table: &TableName, generation: u32) -> Result<Option<Shown>, PortError> {
        self.call("shown", |state| {
            let version = state.shown.get(&(table.clone(), generation));
            version.map(|&version| Shown { version })
        })
    }
}

//! What rebuilds need, in memory.

use super::{Memory, PAGE};
use sluice_normalizer::{BatchId, TableName};
use sluice_pipeline::{
    BatchState, Lanes, ListedBatch, ListedPage, Note, PortError, Rebuild, Rebuilds, RemoveParts,
    Replayed,
};

impl Lanes for Memory {
    fn beside(&self, generation: u32) -> Self {
        Memory { lane: Some(generation), ..self.clone() }
    }
}

impl RemoveParts for Memory {
    async fn remove_part(&self, key: &str) -> Result<(), PortError> {
        self.call("remove part", |state| {
            state.parts.remove(key);
        })
    }
}

impl Rebuilds for Memory {
    async fn rebuild(&self, table: &TableName) -> Result<Option<Rebuild>, PortError> {
        self.call("rebuild", |state| state.rebuilds.get(table).cloned())
    }

    async fn keep_rebuild(&self, table: &TableName, rebuild: &Rebuild) -> Result<bool, PortError> {
        self.call("keep rebuild", |state| {
            let kept = state.rebuilds.get(table).map_or(0, |kept| kept.revision);
            let next = kept + 1 == rebuild.revision;
            if next {
                state.rebuilds.insert(table.clone(), rebuild.clone());
            }
            next
        })
    }

    async fn change_generation(
        &self,
        table: &TableName,
        from: u32,
        to: u32,
    ) -> Result<bool, PortError> {
        self.call("change generation", |state| {
            let current = state.generations.entry(table.clone()).or_insert(1);
            if *current == from {
                *current = to;
            }
            *current == to
        })
    }

    async fn batches_of(
        &self,
        table: &TableName,
        generation: u32,
        from: Option<&str>,
    ) -> Result<ListedPage, PortError> {
        self.call("batches of", |state| {
            let mut ids: Vec<&BatchId> = state
                .batches
                .values()
                .map(|record| &record.batch)
                .filter(|batch| batch.table == *table && batch.generation == generation)
                .map(|batch| &batch.id)
                .filter(|id| from.is_none_or(|from| id.as_str() > from))
                .collect();
            ids.sort();
            let more = ids.len() > PAGE;
            ids.truncate(PAGE);
            let next = ids.last().filter(|_| more).map(|id| id.to_string());
            let replayed = |id: &BatchId| state.replayed.get(id).copied();
            let listed =
                ids.into_iter().map(|id| ListedBatch { replayed: replayed(id), id: id.clone() });
            ListedPage { batches: listed.collect(), next }
        })
    }

    async fn keep_replayed(&self, id: &BatchId, replayed: &Replayed) -> Result<(), PortError> {
        self.call("keep replayed", |state| {
            state.replayed.insert(id.clone(), *replayed);
        })
    }

    async fn await_batch(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
        note: Note,
    ) -> Result<(), PortError> {
        self.call("await", |state| {
            let notes = state.awaited.entry((table.clone(), generation)).or_default();
            let kept = notes.entry(id.clone()).or_insert(note);
            *kept = note.max(*kept);
        })
    }

    async fn awaited(&self, table: &TableName, generation: u32) -> Result<Vec<BatchId>, PortError> {
        self.call("awaited", |state| {
            let notes = state.awaited.get(&(table.clone(), generation));
            notes.into_iter().flat_map(|notes| notes.keys().cloned()).collect()
        })
    }

    async fn forget_awaited(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
        note: Note,
    ) -> Result<bool, PortError> {
        self.call("forget awaited", |state| {
            let notes = state.awaited.entry((table.clone(), generation)).or_default();
            if notes.get(id).is_some_and(|kept| *kept <= note) {
                notes.remove(id);
            }
            !notes.contains_key(id)
        })
    }

    async fn batch_state(&self, id: &BatchId) -> Result<Option<BatchState>, PortError> {
        self.call("batch state", |state| Some(state.batches.get(id.as_str())?.state))
    }
}

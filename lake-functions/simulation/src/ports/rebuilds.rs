//! What rebuilds need, as ports.

use super::Ports;
use crate::protocol::Protocol;
use crate::world::State;
use sluice_normalizer::{BatchId, DocumentId, Registry, TableName};
use sluice_pipeline::{
    BatchState, DocumentHead, Heads, Lanes, ListedBatch, ListedPage, Note, PortError, Rebuild,
    RebuildState, Rebuilds, RemoveParts, Replayed, Switched, Views,
};

/// Batches a page.
const PAGE: usize = 3;

impl Heads for Ports {
    async fn heads(&self, ids: &[DocumentId]) -> Vec<Result<Option<DocumentHead>, PortError>> {
        let mut heads = Vec::new();
        for id in ids {
            let of = id.clone();
            let head = move |state: &mut State| Some(state.bucket.get(&of)?.head.clone());
            heads.push(self.world.call("ingress", "head", id.as_str(), head).await);
        }
        heads
    }
}

impl Lanes for Ports {
    fn beside(&self, generation: u32) -> Self {
        Ports { lane: Some(generation), ..self.clone() }
    }
}

impl RemoveParts for Ports {
    async fn remove_part(&self, key: &str) -> Result<(), PortError> {
        let of = key.to_owned();
        let remove = move |state: &mut State| {
            state.lake.parts.remove(&of);
        };
        self.world.call("lake", "remove part", key, remove).await
    }
}

impl Views for Ports {
    async fn switch(&self, registry: &Registry) -> Result<Switched, PortError> {
        let Registry { generation, version, .. } = *registry;
        let table = TableName::from_stored(&registry.table).expect("a registry's table");
        let switch = move |state: &mut State| {
            state.show_generation(&table, generation);
            match state.lake.shown.get(&(table, generation)) {
                Some(&shown) if shown > version => Switched::Behind { version: shown },
                _ => Switched::Done,
            }
        };
        self.world.call("catalog", "switch", &registry.table, switch).await
    }
}

impl Rebuilds for Ports {
    async fn rebuild(&self, table: &TableName) -> Result<Option<Rebuild>, PortError> {
        let of = table.clone();
        let get = move |state: &mut State| state.generations.rebuilds.get(&of).cloned();
        self.world.call("ledger", "rebuild", table.as_str(), get).await
    }

    async fn keep_rebuild(&self, table: &TableName, rebuild: &Rebuild) -> Result<bool, PortError> {
        let (of, rebuild) = (table.clone(), rebuild.clone());
        let about = format!("{table} g{} {:?}", rebuild.to, rebuild.state);
        let keep = move |state: &mut State| {
            let kept = state.generations.rebuilds.get(&of);
            if kept.map_or(0, |kept| kept.revision) + 1 != rebuild.revision {
                state.came_up("rebuild changed by another");
                return false;
            }
            if rebuild.state == RebuildState::Dropping {
                state.came_up("rebuild given up");
                state.generations.given_up.insert((of.clone(), rebuild.to));
            }
            state.generations.rebuilds.insert(of, rebuild);
            true
        };
        self.world.call("ledger", "keep rebuild", &about, keep).await
    }

    async fn change_generation(
        &self,
        table: &TableName,
        from: u32,
        to: u32,
    ) -> Result<bool, PortError> {
        let of = table.clone();
        let change = move |state: &mut State| state.change_generation(&of, from, to);
        self.world.call("ledger", "change generation", table.as_str(), change).await
    }

    /// Lags behind, each time as it likes.
    async fn batches_of(
        &self,
        table: &TableName,
        generation: u32,
        from: Option<&str>,
    ) -> Result<ListedPage, PortError> {
        let (of, from) = (table.clone(), from.map(str::to_owned));
        let list = move |state: &mut State| {
            let following = state.generations.rebuilds.get(&of);
            let following = following.is_some_and(|it| it.state == RebuildState::Following);
            if following && state.protocol == Protocol::NoLastPass {
                return ListedPage::default();
            }
            let listed_ms = state.now_ms - state.random.below_ms(state.weather.lag_ms);
            let place = |made_at_ms: i64, id: &BatchId| format!("{made_at_ms:020} {id}");
            let rows = state.ledger.batches.values();
            let rows = rows.filter(|row| row.batch.table == of && row.made_at_ms <= listed_ms);
            let mut found: Vec<_> =
                rows.map(|row| (place(row.made_at_ms, &row.batch.id), &row.batch)).collect();
            found.sort_by(|one, other| one.0.cmp(&other.0));
            found.retain(|(place, _)| from.as_ref().is_none_or(|from| place > from));
            let more = found.len() > PAGE;
            found.truncate(PAGE);
            let next = found.last().filter(|_| more).map(|(place, _)| place.clone());
            let of_generation = found.iter().filter(|(_, batch)| batch.generation == generation);
            let batches = of_generation
                .map(|(_, batch)| {
                    let replayed = state.generations.replayed.get(&batch.id).copied();
                    ListedBatch { id: batch.id.clone(), replayed }
                })
                .collect();
            ListedPage { batches, next }
        };
        self.world.call("ledger", "batches of", table.as_str(), list).await
    }

    async fn keep_replayed(&self, id: &BatchId, replayed: &Replayed) -> Result<(), PortError> {
        let (of, replayed) = (id.clone(), *replayed);
        let keep = move |state: &mut State| {
            let open = state.ledger.batches.get(&of).is_some_and(|row| row.parts.is_none());
            if open {
                state.came_up("open batch replayed");
            }
            state.generations.replayed.insert(of, replayed);
        };
        self.world.call("ledger", "keep replayed", id.as_str(), keep).await
    }

    async fn await_batch(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
        note: Note,
    ) -> Result<(), PortError> {
        let (key, of) = ((table.clone(), generation), id.clone());
        let keep = move |state: &mut State| {
            if state.protocol != Protocol::NothingAwaited {
                let notes = state.generations.awaited.entry(key).or_default();
                let kept = notes.entry(of).or_insert(note);
                *kept = note.max(*kept);
            }
        };
        self.world.call("ledger", "await", id.as_str(), keep).await
    }

    async fn awaited(&self, table: &TableName, generation: u32) -> Result<Vec<BatchId>, PortError> {
        let key = (table.clone(), generation);
        let list = move |state: &mut State| {
            let awaited = state.generations.awaited.get(&key);
            awaited.into_iter().flat_map(|notes| notes.keys().cloned()).collect()
        };
        self.world.call("ledger", "awaited", table.as_str(), list).await
    }

    async fn forget_awaited(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
        note: Note,
    ) -> Result<bool, PortError> {
        let (key, of) = ((table.clone(), generation), id.clone());
        let forget = move |state: &mut State| {
            let whatever = state.protocol == Protocol::NotesForgotten;
            let open = state.ledger.batches.get(&of).is_some_and(|row| row.parts.is_none());
            let notes = state.generations.awaited.entry(key).or_default();
            let Some(kept) = notes.get(&of).copied() else { return true };
            if kept > note && !whatever {
                state.came_up("note of a batch made meanwhile stays");
                return false;
            }
            notes.remove(&of);
            if kept == Note::Made && open {
                state.violated("I-1", format!("nobody waits for batch {of}, which is open"));
            }
            true
        };
        self.world.call("ledger", "forget awaited", id.as_str(), forget).await
    }

    async fn batch_state(&self, id: &BatchId) -> Result<Option<BatchState>, PortError> {
        let of = id.clone();
        let look = move |state: &mut State| {
            let row = state.ledger.batches.get(&of);
            row.map(|row| match row.parts {
                Some(_) => BatchState::Committed,
                None => BatchState::Open,
            })
        };
        self.world.call("ledger", "batch state", id.as_str(), look).await
    }
}

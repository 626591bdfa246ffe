//! Generations and rebuilds: what the ledger keeps of them, and what people query.

use super::State;
use super::ledger::DocumentKey;
use sluice_normalizer::{BatchId, TableName};
use sluice_pipeline::{Note, Rebuild, Replayed};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(crate) struct Generations {
    /// Where it is not the first.
    current: BTreeMap<TableName, u32>,
    /// What the views show, where it is not the first.
    visible: BTreeMap<TableName, u32>,
    pub(crate) rebuilds: BTreeMap<TableName, Rebuild>,
    pub(crate) replayed: BTreeMap<BatchId, Replayed>,
    pub(crate) awaited: BTreeMap<(TableName, u32), BTreeMap<BatchId, Note>>,
    /// Into which rebuilds were given up.
    pub(crate) given_up: BTreeSet<(TableName, u32)>,
    /// Whether views were switched a moment ago.
    pub(crate) just_switched: bool,
    /// What people could query when the generation changed.
    seen_at_change: BTreeMap<TableName, BTreeSet<DocumentKey>>,
}

impl Generations {
    pub(crate) fn current(&self, table: &TableName) -> u32 {
        self.current.get(table).copied().unwrap_or(1)
    }

    pub(crate) fn visible(&self, table: &TableName) -> u32 {
        self.visible.get(table).copied().unwrap_or(1)
    }
}

impl State {
    /// Whether people may see rejects of the generation, once everything rests: it is the visible one,
    /// or one that a rebuild is still about to make visible.
    pub(crate) fn may_be_seen(&self, table: &TableName, generation: u32) -> bool {
        let rebuild = self.generations.rebuilds.get(table);
        let under_way = rebuild.is_some_and(|it| it.to == generation && it.state.is_under_way());
        under_way || self.generations.visible(table) == generation
    }

    /// Whether the generation is the current one now.
    pub(crate) fn change_generation(&mut self, table: &TableName, from: u32, to: u32) -> bool {
        let current = self.generations.current(table);
        if current != from {
            return current == to;
        }
        self.came_up("generation changed");
        self.generations.current.insert(table.clone(), to);
        let of_table = |key: &&DocumentKey| key.0 == *table && key.1 == from;
        let committed = |key: &&DocumentKey| {
            self.ledger.document(key).is_some_and(|record| record.outcome.is_some())
        };
        let seen = self.ledger.outcomes.keys().filter(of_table).filter(committed).cloned();
        let seen: BTreeSet<DocumentKey> = seen.collect();
        self.generations.seen_at_change.insert(table.clone(), seen);
        true
    }

    /// The views show a generation, if it is higher than what they show. Nothing that was there when
    /// the generation changed goes out of sight.
    pub(crate) fn show_generation(&mut self, table: &TableName, generation: u32) {
        if self.generations.visible(table) >= generation {
            return;
        }
        self.came_up("views switched");
        self.generations.visible.insert(table.clone(), generation);
        self.generations.just_switched = true;
        let seen = self.generations.seen_at_change.remove(table).unwrap_or_default();
        for (table, _, document) in seen {
            let key = (table, generation, document);
            let there = self.ledger.document(&key).is_some_and(|record| record.outcome.is_some());
            if !there {
                self.violated("I-1", format!("document {} goes out of sight", key.2));
            }
        }
    }
}

//! The standard queue of announcements: at least once, in no order.

use crate::limits::VISIBILITY_MS;
use crate::random::Random;
use sluice_normalizer::DocumentId;

#[derive(Debug, Default)]
pub(crate) struct Events {
    all: Vec<Event>,
    receipts: u64,
}

#[derive(Debug)]
struct Event {
    document: DocumentId,
    due_at_ms: i64,
    receipt: u64,
}

/// An event handed out.
#[derive(Debug, Clone)]
pub(crate) struct Announced {
    pub(crate) document: DocumentId,
    /// Names the delivery.
    pub(crate) receipt: u64,
}

impl Events {
    pub(crate) fn send(&mut self, document: DocumentId, due_at_ms: i64) {
        self.all.push(Event { document, due_at_ms, receipt: 0 });
    }

    /// Hands out up to `max` events. `again`: how many of a thousand that are out or not due come all
    /// the same.
    pub(crate) fn receive(
        &mut self,
        now_ms: i64,
        max: usize,
        again: usize,
        random: &mut Random,
    ) -> Vec<Announced> {
        let mut found = Vec::new();
        let mut left: Vec<usize> = (0..self.all.len()).collect();
        while found.len() < max && !left.is_empty() {
            let event = &mut self.all[left.swap_remove(random.below(left.len()))];
            if event.due_at_ms <= now_ms || random.chance(again) {
                self.receipts += 1;
                event.receipt = self.receipts;
                event.due_at_ms = now_ms + VISIBILITY_MS;
                let document = event.document.clone();
                found.push(Announced { document, receipt: event.receipt });
            }
        }
        found
    }

    pub(crate) fn delete(&mut self, receipt: u64) {
        self.all.retain(|event| event.receipt != receipt);
    }

    pub(crate) fn next_due_at_ms(&self) -> Option<i64> {
        self.all.iter().map(|event| event.due_at_ms).min()
    }
}

//! Who may decide the next registry version: batches in input order, whatever the threads do.
//!
//! Threads shape at the same time against the registry they know. Which columns exist depends on
//! the order, so each then waits for its turn and shapes again if the registry moved on.

use sluice_normalizer::Registry;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The queue of batches for the registry.
pub(crate) struct RegistryTurns {
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    next: u64,
    registry: Arc<Registry>,
    broken: bool,
}

/// A batch's place in the queue. Dropped without [`Ticket::pass`], the batches behind it never get
/// their turn: they must not be written as if this one did not exist.
pub(crate) struct Ticket<'a> {
    turns: &'a RegistryTurns,
    sequence: u64,
    passed: bool,
}

impl RegistryTurns {
    pub(crate) fn new(registry: Registry) -> Self {
        let state = State { next: 0, registry: Arc::new(registry), broken: false };
        RegistryTurns { state: Mutex::new(state), moved: Condvar::new() }
    }

    /// The newest version so far.
    pub(crate) fn latest(&self) -> Arc<Registry> {
        Arc::clone(&self.locked().registry)
    }

    /// The place of the batch that is number `sequence` from 0, each number once.
    pub(crate) fn ticket(&self, sequence: u64) -> Ticket<'_> {
        Ticket { turns: self, sequence, passed: false }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket<'_> {
    /// Waits for the turn; the registry to shape against, none when a batch before this one failed.
    pub(crate) fn wait(&self) -> Option<Arc<Registry>> {
        let waiting = |state: &mut State| state.next != self.sequence && !state.broken;
        let state = self.turns.moved.wait_while(self.turns.locked(), waiting);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        (!state.broken).then(|| Arc::clone(&state.registry))
    }

    /// Ends the turn with the registry the next batch starts from.
    pub(crate) fn pass(mut self, registry: Arc<Registry>) {
        let mut state = self.turns.locked();
        debug_assert_eq!(state.next, self.sequence, "a batch decides in its turn only");
        state.registry = registry;
        state.next += 1;
        self.passed = true;
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.passed {
            self.turns.locked().broken = true;
        }
        self.turns.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::RegistryTurns;
    use sluice_normalizer::{Registry, TableName};
    use std::sync::{Arc, Mutex};

    fn turns() -> RegistryTurns {
        RegistryTurns::new(Registry::empty(&TableName::parse("t").expect("a table name"), 1))
    }

    #[test]
    fn turns_come_in_sequence() {
        let turns = turns();
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for sequence in [3, 1, 0, 2] {
                let (turns, order) = (&turns, &order);
                scope.spawn(move || {
                    let ticket = turns.ticket(sequence);
                    let base = ticket.wait().expect("nobody fails");
                    order.lock().expect("lock").push((sequence, base.version));
                    let next = Registry { version: base.version + 1, ..(*base).clone() };
                    ticket.pass(Arc::new(next));
                });
            }
        });
        assert_eq!(*order.lock().expect("lock"), [(0, 0), (1, 1), (2, 2), (3, 3)]);
        assert_eq!(turns.latest().version, 4);
    }

    #[test]
    fn nobody_passes_a_failed_batch() {
        let turns = turns();
        std::thread::scope(|scope| {
            let behind = scope.spawn(|| turns.ticket(1).wait().is_none());
            drop(turns.ticket(0));
            assert!(behind.join().expect("no panic"));
        });
    }
}

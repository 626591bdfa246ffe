//! A bounded queue between the callers and the threads of the store.

use super::fault::Fault;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Jobs in the order they came.
pub(super) struct Jobs<J> {
    state: Mutex<State<J>>,
    arrived: Condvar,
    /// How many counted jobs may be held.
    count_max: usize,
    /// How many bytes they may hold.
    bytes_max: usize,
}

struct State<J> {
    waiting: VecDeque<(J, Weight)>,
    held: Held,
    ended: bool,
}

/// What a job counts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weight {
    /// A call that outsiders make: refused when too much is held.
    Counted {
        /// What it keeps in memory.
        bytes: usize,
    },
    /// One of the few that the platform itself makes: always taken.
    Exempt,
}

/// What is waiting or being worked on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) count: usize,
    pub(super) bytes: usize,
}

/// Jobs taken together, and what to give back once they are answered.
pub(super) struct Taken<J> {
    pub(super) jobs: Vec<J>,
    pub(super) held: Held,
}

impl<J> Jobs<J> {
    pub(super) fn new(count_max: usize, bytes_max: usize) -> Self {
        let state = State { waiting: VecDeque::new(), held: Held::default(), ended: false };
        Jobs { state: Mutex::new(state), arrived: Condvar::new(), count_max, bytes_max }
    }

    /// Adds a job, or refuses it at once.
    pub(super) fn push(&self, job: J, weight: Weight) -> Result<(), Fault> {
        let mut state = self.locked();
        if state.ended {
            return Err(Fault::Stopped);
        }
        if let Weight::Counted { bytes } = weight {
            let held = state.held;
            // One job alone is always taken, however large.
            let full = held.count >= self.count_max || held.bytes + bytes > self.bytes_max;
            if full && held.count > 0 {
                return Err(Fault::Busy);
            }
            state.held = Held { count: held.count + 1, bytes: held.bytes + bytes };
        }
        state.waiting.push_back((job, weight));
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for jobs and takes what is there, within bounds but at least one; none once the queue
    /// has ended and is empty.
    pub(super) fn take(&self, count_max: usize, bytes_max: usize) -> Option<Taken<J>> {
        let idle = |state: &mut State<J>| state.waiting.is_empty() && !state.ended;
        let state = self.arrived.wait_while(self.locked(), idle);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let mut taken = Taken { jobs: Vec::new(), held: Held::default() };
        while let Some((_, weight)) = state.waiting.front() {
            let more = weight.held();
            let bytes = taken.held.bytes + more.bytes;
            let full = taken.jobs.len() >= count_max || bytes > bytes_max;
            if full && !taken.jobs.is_empty() {
                break;
            }
            taken.held = Held { count: taken.held.count + more.count, bytes };
            taken.jobs.extend(state.waiting.pop_front().map(|(job, _)| job));
        }
        (!taken.jobs.is_empty()).then_some(taken)
    }

    /// Makes room again, once the jobs are answered.
    pub(super) fn give_back(&self, held: Held) {
        let mut state = self.locked();
        state.held.count -= held.count;
        state.held.bytes -= held.bytes;
    }

    /// Takes no more jobs; those that wait are still handed out.
    pub(super) fn end(&self) {
        self.locked().ended = true;
        self.arrived.notify_all();
    }

    /// Takes no more jobs and drops those that wait, which tells their callers.
    pub(super) fn abandon(&self) {
        let dropped = {
            let mut state = self.locked();
            state.ended = true;
            std::mem::take(&mut state.waiting)
        };
        drop(dropped);
        self.arrived.notify_all();
    }

    /// What is waiting or being worked on.
    pub(super) fn held(&self) -> Held {
        self.locked().held
    }

    fn locked(&self) -> MutexGuard<'_, State<J>> {
        // No code that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Weight {
    fn held(self) -> Held {
        match self {
            Weight::Counted { bytes } => Held { count: 1, bytes },
            Weight::Exempt => Held::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, Jobs, Weight};

    #[test]
    fn what_is_held_is_bounded_until_it_is_answered() {
        let jobs = Jobs::new(3, 100);
        let counted = |bytes| Weight::Counted { bytes };
        assert!(jobs.push('a', counted(500)).is_ok(), "one alone is always taken");
        assert!(jobs.push('b', counted(1)).is_err(), "no bytes left");
        assert!(jobs.push('c', Weight::Exempt).is_ok());

        let first = jobs.take(10, 100).expect("jobs wait");
        assert_eq!(first.jobs, ['a'], "the exempt job would still fit, but not the bytes");
        assert!(jobs.push('d', counted(1)).is_err(), "still held");
        jobs.give_back(first.held);
        for job in ['e', 'f', 'g'] {
            assert!(jobs.push(job, counted(1)).is_ok());
        }
        assert!(jobs.push('h', counted(1)).is_err(), "no count left");
        assert_eq!(jobs.held(), Held { count: 3, bytes: 3 });

        assert_eq!(jobs.take(2, 100).expect("jobs wait").jobs, ['c', 'e']);
        jobs.end();
        assert!(jobs.push('i', Weight::Exempt).is_err());
        assert_eq!(jobs.take(9, 100).expect("the rest").jobs, ['f', 'g']);
        assert!(jobs.take(9, 100).is_none());
    }
}

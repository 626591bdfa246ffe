//! How threads of the platform wait for one another.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A bell for one kind of work: rung by whoever made some, heard by the threads that do it.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    rung: Condvar,
    stop: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Goes up with every ring.
    rings: u64,
    /// Threads in [`Bell::wait`]: posts ring tens of thousands of times a second, mostly to nobody.
    waiting: u32,
    stopped: bool,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// There may be work.
    Work,
    /// The time is up.
    Time,
    /// The platform closes.
    Stop,
}

impl Bell {
    /// Says that there is work.
    pub(crate) fn ring(&self) {
        let mut state = self.locked();
        state.rings += 1;
        if state.waiting > 0 {
            self.rung.notify_all();
        }
    }

    /// Ends all waits, now and later.
    pub(crate) fn stop(&self) {
        self.locked().stopped = true;
        self.rung.notify_all();
        self.stop.notify_all();
    }

    pub(crate) fn stopped(&self) -> bool {
        self.locked().stopped
    }

    /// Waits until the bell has rung since `heard`, which is brought up to date, or for `at_most`.
    pub(crate) fn wait(&self, heard: &mut u64, at_most: Duration) -> Woken {
        let quiet = |state: &mut State| !state.stopped && state.rings == *heard;
        let mut state = self.locked();
        state.waiting += 1;
        let waited = self.rung.wait_timeout_while(state, at_most, quiet);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        *heard = state.rings;
        match (state.stopped, timeout.timed_out()) {
            (true, _) => Woken::Stop,
            (false, true) => Woken::Time,
            (false, false) => Woken::Work,
        }
    }

    /// Waits for `time`, or until the platform closes; says whether it does.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let running = |state: &mut State| !state.stopped;
        let waited = self.stop.wait_timeout_while(self.locked(), time, running);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopped
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! How much goes wrong in a run. Each kind of fault has a rate of its own in each run, often none:
//! many faults of one kind find what a little of everything does not.

use crate::limits::GRACE_MS;
use crate::random::Random;

/// Rates, in a thousand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// A call fails before its effect: throttled, or a conflict of conditional puts.
    pub(crate) before: usize,
    /// A call times out after its effect took place.
    pub(crate) after: usize,
    /// A call times out, and its effect takes place later.
    pub(crate) late: usize,
    /// A step starts an outage of one port.
    pub(crate) outage: usize,
    /// A step kills a worker.
    pub(crate) kill: usize,
    /// A step freezes a worker.
    pub(crate) freeze: usize,
    /// A step thaws one.
    pub(crate) thaw: usize,
    /// An object is not announced.
    pub(crate) event_lost: usize,
    /// It is announced twice.
    pub(crate) event_repeated: usize,
    /// A message of the standard queue is handed out although it is out.
    pub(crate) event_again: usize,
    /// A step lets the clock jump.
    pub(crate) jump: usize,
    /// A step starts a redrive.
    pub(crate) redrive: usize,
    /// A step starts a sweep.
    pub(crate) sweep: usize,
    /// A step changes the settings.
    pub(crate) settings: usize,
    /// A step starts a run of a rebuild.
    pub(crate) rebuild: usize,
    /// How far the list of batches lags behind at most, milliseconds.
    pub(crate) lag_ms: i64,
    /// A dispatcher freezes instead of going on: what it read is old when it writes.
    pub(crate) sleepy: usize,
    /// A turn goes to a rebuild, if one runs: others are slow beside it.
    pub(crate) hurry: usize,
}

impl Weather {
    pub(crate) fn of_a_run(random: &mut Random) -> Self {
        // Sometimes only ports fail: no worker ends, so no document may be taken for what ended it.
        let only_ports = random.chance(150);
        let mut rate = |rates: &[usize]| random.pick(rates);
        let weather = Weather {
            before: rate(&[0, 0, 10, 60, 150]),
            after: rate(&[0, 0, 10, 60, 150]),
            late: rate(&[0, 0, 10, 60, 150]),
            outage: rate(&[0, 0, 0, 3]),
            kill: rate(&[0, 0, 4, 15, 40]),
            freeze: rate(&[0, 0, 4, 15, 40]),
            thaw: rate(&[1, 5, 20]),
            event_lost: rate(&[0, 0, 100, 400]),
            event_repeated: rate(&[0, 100, 500]),
            event_again: rate(&[0, 5, 50]),
            jump: rate(&[1, 5, 20]),
            redrive: rate(&[0, 2, 10]),
            sweep: rate(&[0, 0, 2, 10]),
            settings: rate(&[0, 0, 10]),
            rebuild: rate(&[0, 0, 20, 60, 120]),
            lag_ms: GRACE_MS,
            sleepy: rate(&[0, 0, 100, 300]),
            hurry: rate(&[0, 300, 900]),
        };
        if !only_ports {
            return weather;
        }
        Weather {
            before: 60,
            after: 20,
            late: 0,
            kill: 0,
            freeze: 0,
            sleepy: 0,
            jump: 0,
            ..weather
        }
    }

    /// What is read of a generation is mostly old when it is written, and little else goes wrong.
    pub(crate) fn of_rebuilds(self) -> Self {
        Weather {
            before: 0,
            after: 0,
            late: 0,
            outage: 0,
            kill: 0,
            thaw: 10,
            event_lost: 0,
            event_again: 0,
            jump: 10,
            redrive: 0,
            sweep: 0,
            rebuild: 100,
            sleepy: 150,
            hurry: 500,
            ..self
        }
    }

    /// Nothing goes wrong.
    pub(crate) fn calm() -> Self {
        Weather {
            before: 0,
            after: 0,
            late: 0,
            outage: 0,
            kill: 0,
            freeze: 0,
            thaw: 0,
            event_lost: 0,
            event_repeated: 0,
            event_again: 0,
            jump: 0,
            redrive: 0,
            sweep: 0,
            settings: 0,
            rebuild: 0,
            lag_ms: 1,
            sleepy: 0,
            hurry: 0,
        }
    }
}

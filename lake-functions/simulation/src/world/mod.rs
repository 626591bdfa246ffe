//! The simulated world: what the ports act on, and the clock.

pub(crate) mod bucket;
pub(crate) mod events;
pub(crate) mod fifo;
pub(crate) mod generations;
pub(crate) mod lake;
pub(crate) mod ledger;
mod watch;

use crate::limits::{MINUTE_MS, TODAY_MS};
use crate::protocol::Protocol;
use crate::random::Random;
use crate::tasks::turn;
use crate::violation::Violation;
use crate::weather::Weather;
use bucket::Bucket;
use events::Events;
use fifo::Fifo;
use generations::Generations;
use lake::Lake;
use ledger::LedgerTables;
use sluice_pipeline::{BatchMessage, PortError};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything there is. Clones share it.
#[derive(Debug, Clone)]
pub struct World {
    state: Arc<Mutex<State>>,
}

pub(crate) struct State {
    pub(crate) random: Random,
    pub(crate) weather: Weather,
    pub(crate) protocol: Protocol,
    pub(crate) now_ms: i64,
    pub(crate) step: u64,
    /// Whose turn it is.
    pub(crate) running: String,
    /// None: nobody reads it.
    pub(crate) trace: Option<Trace>,
    /// The first one ends the run.
    pub(crate) violation: Option<Violation>,
    /// A port that fails every call until then.
    pub(crate) outage: Option<(&'static str, i64)>,
    /// Effects of calls that timed out, still on their way.
    late: Vec<Effect>,
    /// Workers that ended without an answer, and answers that were lost.
    pub(crate) faults: u64,
    pub(crate) kills: u64,
    /// Whether a worker froze, or a batch was handed out beside a worker that had it.
    pub(crate) overlapped: bool,
    /// Failed calls that keep how far a trial is.
    pub(crate) trial_faults: u64,
    /// How often something rare came up; see [`crate::Summary::came_up`].
    pub(crate) came_up: BTreeMap<&'static str, u64>,
    pub(crate) bucket: Bucket,
    pub(crate) events: Events,
    pub(crate) fifo: Fifo,
    pub(crate) ledger: LedgerTables,
    pub(crate) generations: Generations,
    pub(crate) lake: Lake,
}

/// The last lines of what happened.
#[derive(Debug)]
pub(crate) struct Trace {
    max: usize,
    pub(crate) lines: VecDeque<String>,
}

/// The call that says how far a trial is.
pub(crate) const KEEP_TRIAL: &str = "keep trial";

type Effect = Box<dyn FnOnce(&mut State) + Send>;

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    Before(&'static str),
    After,
    Late,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("step", &self.step).finish_non_exhaustive()
    }
}

impl World {
    /// An empty world in which nothing goes wrong.
    #[must_use]
    pub fn calm() -> Self {
        World::new(Random::new(0), Weather::calm(), Protocol::Right, None)
    }

    pub(crate) fn new(
        mut random: Random,
        weather: Weather,
        protocol: Protocol,
        trace_lines: Option<usize>,
    ) -> Self {
        // Half the runs begin a little before midnight.
        let now_ms = if random.chance(500) {
            TODAY_MS - random.below_ms(2 * MINUTE_MS)
        } else {
            TODAY_MS + random.below_ms(600 * MINUTE_MS)
        };
        let state = State {
            weather,
            protocol,
            now_ms,
            step: 0,
            running: "world".to_owned(),
            trace: trace_lines.map(|max| Trace { max, lines: VecDeque::new() }),
            violation: None,
            outage: None,
            late: Vec::new(),
            faults: 0,
            kills: 0,
            overlapped: false,
            trial_faults: 0,
            came_up: BTreeMap::new(),
            bucket: Bucket::default(),
            events: Events::default(),
            fifo: Fifo::new(random.pick(&[1, 2, 4])),
            ledger: LedgerTables::default(),
            generations: Generations::default(),
            lake: Lake::default(),
            random,
        };
        World { state: Arc::new(Mutex::new(state)) }
    }

    /// Sets a message aside.
    pub fn bury(&self, message: BatchMessage) {
        self.state().fifo.bury(message);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call of a port: the scheduler may let others go before its effect, and before its answer.
    pub(crate) async fn call<T>(
        &self,
        port: &'static str,
        what: &'static str,
        about: &str,
        act: impl FnOnce(&mut State) -> T + Send + 'static,
    ) -> Result<T, PortError> {
        turn().await;
        let failed = |why: &'static str| PortError::Unavailable {
            what: format!("{what} {about}"),
            source: why.into(),
        };
        let (fate, answer) = {
            let mut state = self.state();
            let fate = state.fate(port);
            state.note(|| match fate {
                Fate::Done => format!("{port}: {what} {about}"),
                Fate::Before(why) => format!("{port}: {what} {about} -> {why}"),
                Fate::After => format!("{port}: {what} {about} -> done, answer lost"),
                Fate::Late => format!("{port}: {what} {about} -> times out, will be done later"),
            });
            match fate {
                Fate::Done => {}
                Fate::Before(_) => state.count("call failed before its effect"),
                Fate::After => state.count("call failed after its effect"),
                Fate::Late => state.count("call failed and had its effect later"),
            }
            state.faults += u64::from(fate != Fate::Done);
            state.trial_faults += u64::from(fate != Fate::Done && what == KEEP_TRIAL);
            match fate {
                Fate::Before(why) => return Err(failed(why)),
                Fate::Late => {
                    let about = about.to_owned();
                    state.late.push(Box::new(move |state| {
                        state.note(|| format!("late: {what} {about}"));
                        act(state);
                    }));
                    return Err(failed("timed out"));
                }
                Fate::Done | Fate::After => (fate, act(&mut state)),
            }
        };
        turn().await;
        if fate == Fate::After { Err(failed("timed out")) } else { Ok(answer) }
    }
}

impl State {
    fn fate(&mut self, port: &'static str) -> Fate {
        if let Some((down, until_ms)) = self.outage
            && down == port
            && self.now_ms < until_ms
        {
            return Fate::Before("not available");
        }
        let weather = self.weather;
        if self.random.chance(weather.before) {
            return Fate::Before(self.random.pick(&["throttled", "conflict, ask again"]));
        }
        if self.random.chance(weather.after) {
            return Fate::After;
        }
        if self.random.chance(weather.late) { Fate::Late } else { Fate::Done }
    }

    /// Adds a line to the trace, if there is one.
    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        let (step, now_ms) = (self.step, self.now_ms);
        if let Some(trace) = &mut self.trace {
            if trace.lines.len() >= trace.max {
                trace.lines.pop_front();
            }
            let seconds = (now_ms - TODAY_MS) / 1_000;
            trace.lines.push_back(format!("{step:5} {seconds:6} s {:14} {}", self.running, line()));
        }
    }

    /// Something came up that runs must show now and then; told to the trace, too.
    pub(crate) fn came_up(&mut self, what: &'static str) {
        self.note(|| what.to_owned());
        self.count(what);
    }

    fn count(&mut self, what: &'static str) {
        *self.came_up.entry(what).or_default() += 1;
    }

    /// An invariant did not hold.
    pub(crate) fn violated(&mut self, invariant: &'static str, what: String) {
        self.note(|| format!("VIOLATION of {invariant}: {what}"));
        self.violation.get_or_insert(Violation { invariant, what });
    }

    /// Lets one of the effects on their way take place; whether there was one.
    pub(crate) fn land(&mut self) -> bool {
        if self.late.is_empty() {
            return false;
        }
        let place = self.random.below(self.late.len());
        let effect = self.late.remove(place);
        effect(self);
        true
    }
}

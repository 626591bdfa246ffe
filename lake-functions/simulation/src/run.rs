//! One run: a storm, then calm until everything rests, then the checks.

use crate::check;
use crate::documents::{self, Expected, SETTINGS, TABLES};
use crate::drivers::{self, Ask};
use crate::limits::{
    BOMB_DOCUMENTS_MAX, BOMB_MEGABYTES, BOMBS, CALM_DAYS_MAX, CALM_STEPS_MAX, DAY_MS,
    DISPATCHERS_MAX, EVENTS_MAX, GRACE_MS, MINUTE_MS, REBUILD_RUNS, REBUILDS_MAX, SECOND_MS,
    VISIBILITY_MS, WORKERS_MAX,
};
use crate::ports::Ports;
use crate::protocol::Protocol;
use crate::random::Random;
use crate::tasks::{Role, Tasks};
use crate::violation::{Failure, Violation};
use crate::weather::Weather;
use crate::world::{State, World};
use sluice_normalizer::{DocumentId, TableName};
use sluice_pipeline::{DispatchLimits, SettingsInForce, StoredDocument};
use std::collections::{BTreeMap, VecDeque};

/// What is posted in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// A few small documents of every kind.
    Small,
    /// Also documents that unpack to a thousand times their size; slow.
    Bombs,
    /// The same as small, while rebuilds hurry and dispatchers sleep.
    Rebuilds,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// How often what is rare came up: tests demand each of it, so that no kind of trouble goes missing
    /// unnoticed.
    pub came_up: BTreeMap<&'static str, u64>,
    /// Until everything rested.
    pub steps: u64,
    /// Calls that failed.
    pub faults: u64,
    /// Tasks that ended in their midst.
    pub kills: u64,
    /// Documents posted.
    pub documents: u64,
    /// Batches that were committed.
    pub batches: u64,
    /// Rows read back from parts of root tables.
    pub rows: u64,
    /// Rejects read back.
    pub rejects: u64,
}

/// Makes the run of a seed. `trace_lines`: how many of the last steps a failure tells.
///
/// # Errors
/// [`Failure`]: an invariant did not hold.
pub fn run(
    seed: u64,
    protocol: Protocol,
    scenario: Scenario,
    trace_lines: usize,
) -> Result<Summary, Box<Failure>> {
    if let Ok(summary) = Run::new(seed, protocol, scenario, None).go() {
        return Ok(summary);
    }
    // The same again, this time with a trace.
    let mut again = Run::new(seed, protocol, scenario, Some(trace_lines));
    let violation = again.go().expect_err("the same seed makes the same run");
    let mut state = again.world.state();
    let trace = state.trace.take().map(|trace| trace.lines).unwrap_or_default();
    Err(Box::new(Failure { seed, step: state.step, violation, trace }))
}

struct Run {
    world: World,
    tasks: Tasks,
    /// Documents that are still to be posted.
    to_post: VecDeque<(StoredDocument, Expected)>,
    expected: BTreeMap<DocumentId, Expected>,
    settings: Vec<SettingsInForce>,
    in_force: usize,
    limits: DispatchLimits,
    events_max: usize,
    storm_steps: u64,
    /// Whether workers that froze in the storm thaw before everything else has come to rest.
    thaw_first: bool,
    /// Whether rebuilds that are under way when the storm is over are switched to.
    switches: bool,
}

impl Summary {
    /// Adds what another run did.
    pub fn add(&mut self, other: &Summary) {
        self.steps += other.steps;
        self.faults += other.faults;
        self.kills += other.kills;
        self.documents += other.documents;
        self.batches += other.batches;
        self.rows += other.rows;
        self.rejects += other.rejects;
        for (what, times) in &other.came_up {
            *self.came_up.entry(what).or_default() += times;
        }
    }
}

impl Run {
    fn new(seed: u64, protocol: Protocol, scenario: Scenario, trace_lines: Option<usize>) -> Self {
        let mut random = Random::new(seed);
        let weather = match scenario {
            Scenario::Small | Scenario::Bombs => Weather::of_a_run(&mut random),
            Scenario::Rebuilds => Weather::of_a_run(&mut random).of_rebuilds(),
        };
        let documents_max = random.pick(&[1, 2, 3, 5]);
        let mut to_post = VecDeque::new();
        let small = 3 + random.below(10);
        to_post.extend((0..small).map(|number| documents::document(&mut random, number, 0)));
        let mut events_max = EVENTS_MAX;
        let mut limits = DispatchLimits { documents_max, ..DispatchLimits::default() };
        if scenario == Scenario::Bombs {
            let bombs = small..small + BOMBS;
            to_post.extend(
                bombs.map(|number| documents::bomb(&mut random, number, 0, BOMB_MEGABYTES)),
            );
            limits.documents_max = BOMB_DOCUMENTS_MAX;
            events_max = BOMB_DOCUMENTS_MAX;
        }
        let settings = SETTINGS.iter().map(|text| SettingsInForce::parse((*text).to_owned()));
        let in_force = if random.chance(300) { random.below(SETTINGS.len()) } else { 0 };
        let storm_steps = 200 + random.below(1_000) as u64;
        let (thaw_first, switches) = (random.chance(500), random.chance(700));
        Run {
            world: World::new(random, weather, protocol, trace_lines),
            tasks: Tasks::default(),
            to_post,
            expected: BTreeMap::new(),
            settings: settings.map(|settings| settings.expect("settings")).collect(),
            in_force,
            limits,
            events_max,
            storm_steps,
            thaw_first,
            switches,
        }
    }

    fn go(&mut self) -> Result<Summary, Violation> {
        self.storm()?;
        self.calm()?;
        let state = self.world.state();
        let mut summary = check::check(&state, &self.expected)?;
        summary.steps = state.step;
        summary.faults = state.faults;
        summary.kills = state.kills;
        for (what, times) in &state.came_up {
            *summary.came_up.entry(what).or_default() += times;
        }
        Ok(summary)
    }

    fn violation(&self) -> Result<(), Violation> {
        self.world.state().violation.clone().map_or(Ok(()), Err)
    }

    fn storm(&mut self) -> Result<(), Violation> {
        for _ in 0..self.storm_steps {
            self.mishap();
            self.advance();
            self.world.state().observe();
            self.violation()?;
        }
        Ok(())
    }

    /// What goes wrong in a step.
    fn mishap(&mut self) {
        let mut state = self.world.state();
        let weather = state.weather;
        state.running = "world".to_owned();
        if state.random.chance(weather.outage) {
            let port = state.random.pick(&["ingress", "queue", "ledger", "lake", "catalog"]);
            let until_ms = state.now_ms + state.random.pick(&[2, 20, 200]) * SECOND_MS;
            state.note(|| format!("{port} is down"));
            state.outage = Some((port, until_ms));
        }
        if state.random.chance(100) {
            state.land();
        }
        if state.random.chance(weather.jump) {
            let seconds = state.random.pick(&[2, 6, 6, 10, 61, 61, 301, 301, 4_000, 86_400]);
            state.note(|| format!("the clock jumps by {seconds} s"));
            state.now_ms += seconds * SECOND_MS;
        }
        if state.random.chance(weather.settings) {
            self.in_force = state.random.below(self.settings.len());
            state.note(|| format!("other settings: {:?}", SETTINGS[self.in_force]));
        }
        let awake = self.tasks.places(false);
        if !awake.is_empty() && state.random.chance(weather.kill) {
            let place = state.random.pick(&awake);
            let task = self.tasks.at(place).to_string();
            state.note(|| format!("{task} is killed"));
            state.kills += 1;
            drop(state);
            self.tasks.kill(place);
            return;
        }
        if !awake.is_empty() && state.random.chance(weather.freeze) {
            let task = self.tasks.at(state.random.pick(&awake));
            state.note(|| format!("{task} freezes"));
            task.frozen = true;
            state.overlapped = true;
        }
        if std::mem::take(&mut state.generations.just_switched) && state.random.chance(700) {
            // The worst moment for what was read before.
            for place in self.tasks.places(true) {
                self.tasks.at(place).frozen = false;
            }
        }
        let frozen = self.tasks.places(true);
        if !frozen.is_empty() && state.random.chance(weather.thaw) {
            let task = self.tasks.at(state.random.pick(&frozen));
            state.note(|| format!("{task} thaws"));
            task.frozen = false;
        }
        let (redrive, sweep) =
            (state.random.chance(weather.redrive), state.random.chance(weather.sweep));
        let rebuild = state.random.chance(weather.rebuild).then(|| {
            let table = TableName::parse(state.random.pick(&TABLES)).expect("a table name");
            // Mostly to start and to switch: steps are part of both.
            let all = [Ask::Start, Ask::Start, Ask::Switch, Ask::Switch, Ask::Switch, Ask::Step];
            let give_up = state.random.chance(50);
            (table, if give_up { Ask::GiveUp } else { state.random.pick(&all) })
        });
        drop(state);
        if let Some((table, ask)) = rebuild
            && self.tasks.running(Role::Rebuild) < REBUILDS_MAX
        {
            self.start_rebuild(table, ask);
        }
        if redrive {
            self.start_redrive();
        }
        if sweep {
            self.start_sweep();
        }
    }

    /// One thing that happens by itself.
    fn advance(&mut self) {
        let mut state = self.world.state();
        state.step += 1;
        state.running = "world".to_owned();
        state.now_ms += state.random.below_ms(200);
        let what = state.random.below(100);
        drop(state);
        match what {
            0..8 => self.post(),
            8..14 => self.announce(),
            14..26 => self.hand_out(),
            _ => self.poll(),
        }
    }

    /// Posts the next document; bombs come together.
    fn post(&mut self) {
        self.post_one();
        while self.events_max > EVENTS_MAX && !self.to_post.is_empty() {
            self.post_one();
        }
    }

    fn post_one(&mut self) {
        let Some((mut document, expected)) = self.to_post.pop_front() else { return };
        let mut state = self.world.state();
        let now_ms = state.now_ms;
        let id = document.head.id.clone();
        document.head.received_at_ms = now_ms;
        state.note(|| format!("{id} is posted to {}", document.head.table.as_str()));
        state.bucket.put(document.clone());
        // A client that got no answer tries again, with another body under the id.
        document.body.push(b' ');
        state.bucket.put(document);
        let weather = state.weather;
        let copies = if state.random.chance(weather.event_lost) {
            state.note(|| format!("{id}: its event is lost"));
            0
        } else {
            1 + usize::from(state.random.chance(weather.event_repeated))
        };
        for _ in 0..copies {
            let delay_ms = state.random.pick(&[0, 0, SECOND_MS, 10 * SECOND_MS, 10 * MINUTE_MS]);
            state.events.send(id.clone(), now_ms + delay_ms);
        }
        drop(state);
        self.expected.insert(id, expected);
    }

    fn announce(&mut self) {
        if self.tasks.running(Role::Dispatcher) >= DISPATCHERS_MAX {
            return;
        }
        let mut state = self.world.state();
        let State { events, random, now_ms, weather, .. } = &mut *state;
        let max = 1 + random.below(self.events_max);
        let events = events.receive(*now_ms, max, weather.event_again, random);
        if events.is_empty() {
            return;
        }
        let of: Vec<_> = events.iter().map(|event| event.document.as_str()).collect();
        let of = of.join(" ");
        let ports = Ports::new(&self.world);
        let driver = drivers::dispatcher(ports, events, self.limits);
        let task = self.tasks.start(Role::Dispatcher, driver);
        state.note(|| format!("{task} starts with {of}"));
    }

    fn hand_out(&mut self) {
        if self.tasks.running(Role::Worker) >= WORKERS_MAX {
            return;
        }
        let mut state = self.world.state();
        let State { fifo, random, now_ms, .. } = &mut *state;
        let dead = fifo.dead().len();
        let delivery = fifo.receive(*now_ms, random);
        if fifo.dead().len() > dead {
            state.came_up("message set aside");
        }
        let Some(delivery) = delivery else { return };
        if self.tasks.have(&delivery.message.batch) {
            state.overlapped = true;
            state.came_up("batch handed out beside a worker that has it");
        }
        let of = format!("{}.{}", delivery.message.batch, delivery.message.send);
        let receives = delivery.receives;
        let settings = self.settings[self.in_force].clone();
        let batch = delivery.message.batch.clone();
        let driver = drivers::worker(Ports::new(&self.world), delivery, settings);
        let task = self.tasks.start(Role::Worker, driver);
        task.batch = Some(batch);
        state.note(|| format!("{task} starts with {of}, received {receives} times"));
    }

    fn start_redrive(&mut self) {
        if self.world.state().protocol != Protocol::NoRedrive {
            let task = self.tasks.start(Role::Redrive, drivers::redriver(Ports::new(&self.world)));
            self.world.state().note(|| format!("{task} starts"));
        }
    }

    fn start_sweep(&mut self) {
        let (heads, now_ms) = {
            let state = self.world.state();
            (state.bucket.heads(), state.now_ms)
        };
        let driver = drivers::sweeper(Ports::new(&self.world), heads, now_ms, self.limits);
        let task = self.tasks.start(Role::Sweep, driver);
        self.world.state().note(|| format!("{task} starts"));
    }

    fn start_rebuild(&mut self, table: TableName, ask: Ask) {
        let name = table.to_string();
        let driver = drivers::rebuilder(Ports::new(&self.world), table, ask, self.limits);
        let task = self.tasks.start(Role::Rebuild, driver);
        self.world.state().note(|| format!("{task} starts: {ask:?} {name}"));
    }

    /// Rebuilds that must come to their end: past the change of generations all do.
    fn unfinished(&self) -> Vec<TableName> {
        let state = self.world.state();
        let rebuilds = state.generations.rebuilds.iter();
        let unfinished = rebuilds.filter(|(_, rebuild)| {
            let decided = self.switches || !rebuild.state.can_be_given_up();
            rebuild.state.is_under_way() && decided
        });
        unfinished.map(|(table, _)| table.clone()).collect()
    }

    fn finish_rebuilds(&mut self) -> Result<(), Violation> {
        for _ in 0..REBUILD_RUNS {
            let unfinished = self.unfinished();
            if unfinished.is_empty() {
                break;
            }
            for table in unfinished {
                self.start_rebuild(table, Ask::Switch);
            }
            self.drain()?;
            self.world.state().now_ms += GRACE_MS;
        }
        Ok(())
    }

    fn poll(&mut self) {
        let awake = self.tasks.places(false);
        if awake.is_empty() {
            return;
        }
        let mut state = self.world.state();
        let hurry = state.weather.hurry;
        let rebuilds: Vec<usize> = awake
            .iter()
            .copied()
            .filter(|&place| self.tasks.at(place).role == Role::Rebuild)
            .collect();
        let hurries = !rebuilds.is_empty() && state.random.chance(hurry);
        let place = state.random.pick(if hurries { &rebuilds } else { &awake });
        let sleepy = state.weather.sleepy;
        let task = self.tasks.at(place);
        if task.role == Role::Dispatcher && state.random.chance(sleepy) {
            state.note(|| format!("{task} falls asleep"));
            task.frozen = true;
            return;
        }
        if state.trace.is_some() {
            state.running = self.tasks.at(place).to_string();
        }
        drop(state);
        self.tasks.poll(place);
    }

    /// Nothing goes wrong any more: everything must come to rest.
    fn calm(&mut self) -> Result<(), Violation> {
        {
            let mut state = self.world.state();
            state.weather = Weather::calm();
            state.outage = None;
            state.running = "world".to_owned();
            state.note(|| "the storm is over".to_owned());
        }
        while !self.to_post.is_empty() {
            self.post();
        }
        if self.thaw_first {
            self.thaw();
        }
        for _ in 0..CALM_DAYS_MAX {
            self.drain()?;
            self.world.state().now_ms += VISIBILITY_MS;
            self.drain()?;
            while self.world.state().land() {}
            self.start_redrive();
            self.drain()?;
            self.finish_rebuilds()?;
            self.world.state().now_ms += DAY_MS / 2;
            self.start_sweep();
            self.drain()?;
            self.world.state().now_ms += DAY_MS / 2;
            self.drain()?;
            if self.rests() {
                // The last to move are workers that froze long ago.
                self.thaw();
                self.drain()?;
                // One of them may have gone on with a rebuild.
                self.finish_rebuilds()?;
                self.world.state().observe();
                return self.violation();
            }
        }
        let state = self.world.state();
        let open: Vec<_> = state.ledger.open().map(|row| row.batch.id.to_string()).collect();
        let dead = state.fifo.dead().len();
        let what = format!("no rest in {CALM_DAYS_MAX} days: {dead} dead letters, open: {open:?}");
        Err(Violation { invariant: "I-1", what })
    }

    fn thaw(&mut self) {
        for place in self.tasks.places(true) {
            self.tasks.at(place).frozen = false;
        }
    }

    fn rests(&self) -> bool {
        let idle = self.tasks.places(false).is_empty() && self.unfinished().is_empty();
        let state = self.world.state();
        let queues = [state.events.next_due_at_ms(), state.fifo.next_due_at_ms()];
        let open = state.ledger.open().next().is_some();
        idle && queues == [None, None] && state.fifo.dead().is_empty() && !open
    }

    /// Lets everything happen that is due.
    fn drain(&mut self) -> Result<(), Violation> {
        for _ in 0..CALM_STEPS_MAX {
            self.announce();
            self.hand_out();
            let idle = self.tasks.places(false).is_empty();
            self.poll();
            let mut state = self.world.state();
            state.step += 1;
            state.running = "world".to_owned();
            state.observe();
            if let Some(violation) = state.violation.clone() {
                return Err(violation);
            }
            if !idle {
                continue;
            }
            // Nobody runs: on to what is due next, within the hour.
            let due = [state.events.next_due_at_ms(), state.fifo.next_due_at_ms()];
            let Some(due_ms) = due.into_iter().flatten().min() else { return Ok(()) };
            if due_ms > state.now_ms + 60 * MINUTE_MS {
                return Ok(());
            }
            state.now_ms = due_ms.max(state.now_ms);
        }
        let what = format!("no rest in {CALM_STEPS_MAX} steps");
        Err(Violation { invariant: "I-1", what })
    }
}

//! Seeds: whatever goes wrong, the invariants hold.
//!
//! `SLUICE_SIM_SEED=<n>` replays one run, `SLUICE_SIM_SEEDS=<n>` makes so many, `SLUICE_SIM_FROM=<n>`
//! begins elsewhere, `SLUICE_SIM_TRACE=<n>` shows more of the steps before a failure.

use sluice_simulation::{Failure, Protocol, Scenario, Summary};
use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Runs in a default test: about 20 seconds on two cores.
const SEEDS: u64 = 3_000;

/// Steps that a failure shows.
const TRACE_LINES: usize = 150;

/// What must come up now and then.
const CAME_UP: [&str; 24] = [
    "batch committed by another",
    "batch of a rebuild given up",
    "batch handed out beside a worker that has it",
    "batch planned by another",
    "batch sent again after five minutes",
    "batch sent again within five minutes",
    "call failed after its effect",
    "call failed and had its effect later",
    "call failed before its effect",
    "catalog changed by another",
    "conflict rejected",
    "document held by another batch",
    "generation changed",
    "late batch forwarded",
    "message dropped as a repetition",
    "message set aside",
    "midnight passed",
    "note of a batch made meanwhile stays",
    "open batch replayed",
    "rebuild changed by another",
    "rebuild given up",
    "registry version made by another",
    "table too many",
    "views switched",
];

/// Runs in which rebuilds meet dispatchers that sleep.
const REBUILD_SEEDS: u64 = 1_000;

/// They are slow: each unpacks a hundred megabytes again and again.
const BOMB_SEEDS: u64 = 6;

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}

fn run(seed: u64, scenario: Scenario) -> Result<Summary, Box<Failure>> {
    let lines = number("SLUICE_SIM_TRACE").and_then(|lines| usize::try_from(lines).ok());
    sluice_simulation::run(seed, Protocol::Right, scenario, lines.unwrap_or(TRACE_LINES))
}

/// Runs all seeds side by side; panics with the first failure.
fn run_all(seeds: std::ops::Range<u64>, scenario: Scenario) -> Summary {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut sum = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return Ok(sum);
            }
            let summary = run(seed, scenario).inspect_err(|_| {
                next.store(seeds.end, Ordering::Relaxed);
            })?;
            sum.add(&summary);
        }
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        let mut sum = Summary::default();
        for thread in threads {
            let found: Result<Summary, Box<Failure>> = thread.join().expect("a run does not panic");
            let found = found.unwrap_or_else(|failure| panic!("{failure}"));
            sum.add(&found);
        }
        sum
    })
}

#[test]
fn the_invariants_hold() {
    if let Some(seed) = number("SLUICE_SIM_SEED") {
        run_all(seed..seed + 1, Scenario::Small);
        return;
    }
    let from = number("SLUICE_SIM_FROM").unwrap_or(0);
    let seeds = number("SLUICE_SIM_SEEDS").unwrap_or(SEEDS);
    let sum = run_all(from..from + seeds, Scenario::Small);
    if seeds >= SEEDS {
        // A simulation in which nothing happens proves nothing.
        assert!(sum.faults > 5 * seeds && sum.kills > seeds, "{sum:?}");
        assert!(sum.rows > sum.rejects && sum.rejects > seeds, "{sum:?}");
        for what in CAME_UP {
            let times = sum.came_up.get(what).copied().unwrap_or(0);
            assert!(times >= 10, "{what}: {times} times in {sum:#?}");
        }
    }
}

#[test]
fn bombs_are_committed_in_pieces() {
    if number("SLUICE_SIM_SEED").is_none() {
        let sum = run_all(0..BOMB_SEEDS, Scenario::Bombs);
        assert!(sum.came_up.get("piece of a batch").is_some_and(|&pieces| pieces > 1), "{sum:#?}");
    }
}

#[test]
fn rebuilds_lose_nothing() {
    if number("SLUICE_SIM_SEED").is_none() {
        let sum = run_all(0..REBUILD_SEEDS, Scenario::Rebuilds);
        for what in ["late batch forwarded", "open batch replayed", "views switched"] {
            assert!(sum.came_up.get(what).is_some_and(|&times| times > 100), "{what}: {sum:#?}");
        }
    }
}

#[test]
fn a_seed_makes_the_same_run() {
    for seed in 0..20 {
        let once = run(seed, Scenario::Small).expect("it holds");
        assert_eq!(run(seed, Scenario::Small).expect("it holds"), once);
    }
}

//! A protocol that is broken on purpose is caught: a simulation that finds nothing proves nothing.

use sluice_simulation::{Protocol, Scenario, Violation, run};

/// Seeds until a mistake must have shown.
const SEEDS: u64 = 2_000;

/// The first seed that shows the mistake must break one of `invariants`.
fn check(protocol: Protocol, invariants: &[&str]) {
    check_in(Scenario::Small, protocol, invariants);
}

fn check_in(scenario: Scenario, protocol: Protocol, invariants: &[&str]) {
    let failure = (0..SEEDS).find_map(|seed| run(seed, protocol, scenario, 100).err());
    let failure = failure.unwrap_or_else(|| panic!("{protocol:?} does not show in {SEEDS} seeds"));
    let found = failure.violation.invariant;
    assert!(invariants.contains(&found), "{protocol:?}, expected {invariants:?}: {failure}");
    assert!(!failure.trace.is_empty(), "{protocol:?}");
    // It is the mistake that shows, and nothing else.
    let right = run(failure.seed, Protocol::Right, scenario, 100);
    right.unwrap_or_else(|failure| panic!("{failure}"));
    let again = run(failure.seed, protocol, scenario, 100).expect_err("a seed replays");
    assert_eq!((again.step, &again.violation), (failure.step, &failure.violation));
    tell(protocol, failure.seed, &failure.violation);
}

#[expect(clippy::print_stderr, reason = "how soon each is found is worth a look; tests capture it")]
fn tell(protocol: Protocol, seed: u64, violation: &Violation) {
    eprintln!("{protocol:?}: seed {seed}, {}: {}", violation.invariant, violation.what);
}

#[test]
fn claims_skipped() {
    check(Protocol::ClaimsSkipped, &["I-2", "2.1"]);
}

#[test]
fn commit_before_the_parts() {
    check(Protocol::CommitFirst, &["D5", "I-1"]);
}

#[test]
fn parts_before_the_plan() {
    // Other bytes under one key, or parts that no plan knows: SQL sees both.
    check(Protocol::PartsBeforePlan, &["I-6", "I-2"]);
}

#[test]
fn a_plan_that_is_overwritten() {
    check(Protocol::PlanOverwrites, &["I-6"]);
}

#[test]
fn a_registry_version_that_is_overwritten() {
    check(Protocol::RegistryOverwrites, &["I-3", "I-5", "I-6"]);
}

#[test]
fn a_redrive_that_forgets_too_early() {
    check(Protocol::RedriveForgets, &["D5"]);
}

#[test]
fn no_sweep() {
    check(Protocol::NoSweep, &["I-1"]);
}

#[test]
fn no_sweep_of_batches() {
    check(Protocol::NoSweepOfBatches, &["I-1"]);
}

#[test]
fn no_redrive() {
    check(Protocol::NoRedrive, &["I-1"]);
}

#[test]
fn schema_last() {
    check(Protocol::SchemaLast, &["D7"]);
}

#[test]
fn late_batches_that_stay_behind() {
    check_in(Scenario::Rebuilds, Protocol::NoForward, &["I-1", "I-2"]);
}

#[test]
fn no_last_pass_over_the_old_generation() {
    check(Protocol::NoLastPass, &["I-1"]);
}

#[test]
fn a_rebuild_that_waits_for_nothing() {
    check(Protocol::NothingAwaited, &["I-1"]);
}

#[test]
fn notes_that_are_forgotten() {
    check_in(Scenario::Small, Protocol::NotesForgotten, &["I-1"]);
}

#[test]
fn a_rebuild_given_up_that_nobody_hears_of() {
    check(Protocol::NobodyGivesUp, &["I-2"]);
}

#[test]
fn a_rebuild_given_up_while_its_batch_is_at_work() {
    check(Protocol::NobodyLooksAgain, &["I-2"]);
}

#[test]
fn a_catalog_that_goes_down() {
    check(Protocol::CatalogGoesDown, &["D7"]);
}

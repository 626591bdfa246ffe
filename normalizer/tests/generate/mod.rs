//! Random JSON as text, settings and batches for property tests.
#![allow(dead_code, unreachable_pub)]

pub mod batches;
pub mod json;
pub mod mutate;
pub mod settings;

use proptest::test_runner::{Config, FileFailurePersistence};

/// `cases`: how many in an ordinary run; `SLUICE_CASES` multiplies that by a factor. What failed
/// once is kept in `<test>.regressions` beside the test and runs first from then on.
pub fn config(cases: u32) -> Config {
    let factor = std::env::var("SLUICE_CASES").map_or(1, |factor| {
        factor.parse().expect("SLUICE_CASES is how many times as many cases to run")
    });
    Config {
        cases: cases.saturating_mul(factor),
        max_shrink_iters: 20_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..Config::default()
    }
}

//! What went wrong in a run.

use std::collections::VecDeque;
use std::fmt;

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its number in DESIGN.md, or the decision that it follows from.
    pub invariant: &'static str,
    /// What was seen.
    pub what: String,
}

/// A run that broke an invariant. Its display (and debug) is for a person: how to replay it, and the last steps.
#[derive(Clone)]
pub struct Failure {
    /// Makes the same run again.
    pub seed: u64,
    /// The step it showed at.
    pub step: u64,
    /// What it was.
    pub violation: Violation,
    /// The last steps before it.
    pub trace: VecDeque<String>,
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { invariant, what } = &self.violation;
        writeln!(f, "seed {} breaks {invariant} at step {}: {what}", self.seed, self.step)?;
        writeln!(f, "the last steps:")?;
        for line in &self.trace {
            writeln!(f, "  {line}")?;
        }
        write!(f, "replay: SLUICE_SIM_SEED={} cargo test -p sluice-simulation", self.seed)
    }
}

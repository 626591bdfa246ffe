//! Counts and sizes to and from SQLite's signed integers.

use super::fault::{Damage, Fault};

/// As stored. No count gets near the bound.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A stored count. `column`: where it stood.
pub(super) fn count<N: TryFrom<i64>>(column: &'static str, stored: i64) -> Result<N, Fault> {
    N::try_from(stored).map_err(|_| Damage::Value { column }.into())
}

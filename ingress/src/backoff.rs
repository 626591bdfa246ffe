//! How long to wait before a request is tried again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

/// The longest that a server's `Retry-After` is waited for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// The pause before try `attempt` (the first repetition is 1): twice as long each time, of which a
/// random half to all, so that many clients do not come back at once; and no shorter than the
/// server asked for.
pub(crate) fn pause(attempt: u32, retry_after: Option<Duration>) -> Duration {
    pause_with(attempt, retry_after, RandomState::new().hash_one(attempt))
}

fn pause_with(attempt: u32, retry_after: Option<Duration>, random: u64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let whole = (FIRST * (1 << doublings)).min(LONGEST);
    let per_mille = u32::try_from(random % 501).unwrap_or(0) + 500;
    let jittered = whole * per_mille / 1_000;
    jittered.max(retry_after.unwrap_or_default().min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::pause_with;
    use std::time::Duration;

    #[test]
    fn pauses_grow_to_a_bound_and_honour_the_server() {
        let ms = |attempt, retry_after: Option<u64>, random| {
            pause_with(attempt, retry_after.map(Duration::from_secs), random).as_millis()
        };
        assert_eq!((ms(1, None, 500), ms(1, None, 0)), (200, 100));
        assert_eq!((ms(2, None, 500), ms(3, None, 500)), (400, 800));
        assert_eq!((ms(7, None, 500), ms(u32::MAX, None, 500)), (10_000, 10_000));
        assert_eq!((ms(1, Some(3), 500), ms(1, Some(9_999), 0)), (3_000, 60_000));
    }
}

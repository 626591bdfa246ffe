//! What failed and is left alone for a while, longer each time.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Failures by what failed. As large as there are things that fail.
#[derive(Debug)]
pub(super) struct Pauses<K> {
    first: Duration,
    longest: Duration,
    pauses: BTreeMap<K, Pause>,
}

#[derive(Debug, Clone, Copy)]
struct Pause {
    until: Instant,
    length: Duration,
}

impl<K: Ord> Pauses<K> {
    /// Pauses start with `first` and double up to `longest`.
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Pauses { first, longest, pauses: BTreeMap::new() }
    }

    /// It failed: it is left alone from now on.
    pub(super) fn failed(&mut self, what: K, now: Instant) {
        let before = self.pauses.get(&what).map(|pause| pause.length);
        let length = before.map_or(self.first, |length| (length * 2).min(self.longest));
        self.pauses.insert(what, Pause { until: now + length, length });
    }

    /// Whether it is to be left alone.
    pub(super) fn holds<Q: Ord + ?Sized>(&self, what: &Q, now: Instant) -> bool
    where
        K: Borrow<Q>,
    {
        self.pauses.get(what).is_some_and(|pause| now < pause.until)
    }

    /// It went well.
    pub(super) fn ended<Q: Ord + ?Sized>(&mut self, what: &Q)
    where
        K: Borrow<Q>,
    {
        self.pauses.remove(what);
    }

    /// Forgets what is no longer there.
    pub(super) fn keep(&mut self, is_there: impl Fn(&K) -> bool) {
        self.pauses.retain(|what, _| is_there(what));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pauses.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Pauses;
    use std::time::{Duration, Instant};

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let start = Instant::now();
        let mut pauses: Pauses<String> =
            Pauses::new(Duration::from_secs(1), Duration::from_secs(5));
        let mut now = start;
        for seconds in [1, 2, 4, 5, 5] {
            pauses.failed("a".to_owned(), now);
            let pause = Duration::from_secs(seconds);
            assert!(pauses.holds("a", now + pause - Duration::from_millis(1)), "{seconds}");
            now += pause;
            assert!(!pauses.holds("a", now), "{seconds}");
        }
        assert!(!pauses.holds("b", start));
        pauses.ended("a");
        pauses.failed("a".to_owned(), now);
        assert!(!pauses.holds("a", now + Duration::from_secs(1)));
        pauses.keep(|what| what != "a");
        assert!(pauses.is_empty());
    }
}

//! The figures of a run, as a table and as JSON.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) connections: u32,
    pub(crate) seconds: f64,
    pub(crate) body_bytes: usize,
    /// Accepted ones.
    pub(crate) posts: usize,
    pub(crate) latency: Latency,
    pub(crate) errors: BTreeMap<String, u64>,
    /// From a 200 to a row in SQL.
    pub(crate) lag: Latency,
    pub(crate) lag_missed: u64,
    /// Each second.
    pub(crate) rss_mb: Vec<u64>,
    pub(crate) parts: Option<u64>,
}

/// Milliseconds; none without a sample.
#[derive(Debug)]
pub(crate) struct Latency {
    samples: usize,
    p50: Option<f64>,
    p99: Option<f64>,
    p999: Option<f64>,
    max: Option<f64>,
}

impl Latency {
    pub(crate) fn of(mut micros: Vec<u64>) -> Self {
        micros.sort_unstable();
        // The smallest sample that so many thousandths of all are not above.
        let at = |thousandths: usize| {
            let rank = (micros.len() * thousandths).div_ceil(1_000).max(1);
            #[expect(clippy::cast_precision_loss, reason = "times are far below 2^52")]
            let millis = |micros: &u64| *micros as f64 / 1_000.0;
            micros.get(rank - 1).map(millis)
        };
        Latency { samples: micros.len(), p50: at(500), p99: at(990), p999: at(999), max: at(1_000) }
    }

    fn json(&self) -> Value {
        json!({"samples": self.samples, "p50_ms": self.p50, "p99_ms": self.p99,
               "p999_ms": self.p999, "max_ms": self.max})
    }

    fn line(&self) -> String {
        let shown = |millis: Option<f64>| millis.map_or("-".to_owned(), |ms| format!("{ms:.2}"));
        let Latency { samples, p50, p99, p999, max } = self;
        format!(
            "{:>9} {:>9} {:>9} {:>9}  ({samples} samples)",
            shown(*p50),
            shown(*p99),
            shown(*p999),
            shown(*max)
        )
    }
}

impl Figures {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn posts_per_second(&self) -> f64 {
        self.posts as f64 / self.seconds
    }

    pub(crate) fn table(&self) -> String {
        let mut out = String::new();
        let errors: u64 = self.errors.values().sum();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{:<14} {:>12.1}", "posts/s", self.posts_per_second());
        let _ = writeln!(out, "{:<14} {:>12}", "posts", self.posts);
        let _ = writeln!(out, "{:<14} {errors:>12}", "errors");
        for (code, count) in &self.errors {
            let _ = writeln!(out, "  {code:<20} {count:>4}");
        }
        let _ = writeln!(out, "{:<14} {:>9} {:>9} {:>9} {:>9}", "ms", "p50", "p99", "p99.9", "max");
        let _ = writeln!(out, "{:<14} {}", "answer", self.latency.line());
        let _ = writeln!(out, "{:<14} {}", "200 to row", self.lag.line());
        let _ = writeln!(out, "{:<14} {:>12}", "lag missed", self.lag_missed);
        if let (Some(first), Some(last)) = (self.rss_mb.first(), self.rss_mb.last()) {
            let most = self.rss_mb.iter().max().unwrap_or(last);
            let _ = writeln!(out, "{:<14} {first} MB first, {most} most, {last} last", "memory");
        }
        if let Some(parts) = self.parts {
            let _ = writeln!(out, "{:<14} {parts:>12}", "part files");
        }
        out
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "connections": self.connections,
            "seconds": self.seconds,
            "body_bytes": self.body_bytes,
            "posts": self.posts,
            "posts_per_second": self.posts_per_second(),
            "latency": self.latency.json(),
            "errors": self.errors,
            "lag": self.lag.json(),
            "lag_missed": self.lag_missed,
            "rss_mb": self.rss_mb,
            "parts": self.parts,
        })
    }
}

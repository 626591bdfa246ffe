//! Requests by route, method and status, and how long they took.

use axum::http::{Method, StatusCode};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Upper bounds of the histogram, seconds.
pub(crate) const BUCKETS: [f64; 11] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// The status that a request counts under whose client left before the answer.
const CLIENT_LEFT: u16 = 499;

/// Counts since the process started. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpFigures {
    counts: Arc<Mutex<Counts>>,
    /// Connections now.
    connections: Arc<AtomicUsize>,
}

/// Bounded: routes are the router's, methods those it knows, statuses those it answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) requests: BTreeMap<(String, &'static str, u16), u64>,
    pub(crate) durations: BTreeMap<String, Durations>,
}

/// One histogram.
#[derive(Debug, Clone, Default)]
pub(crate) struct Durations {
    /// Requests up to each of [`BUCKETS`], and beyond the last; not cumulated.
    pub(crate) within: [u64; BUCKETS.len() + 1],
    pub(crate) sum_seconds: f64,
}

impl HttpFigures {
    /// A request begins.
    pub(crate) fn begin(&self, route: &str, method: &Method) -> Watch {
        Watch {
            figures: self.clone(),
            route: route.to_owned(),
            method: method_label(method),
            begun: Instant::now(),
            status: CLIENT_LEFT,
        }
    }

    /// A connection begins; it ends when the answer is dropped.
    pub(crate) fn connection(&self) -> Connection {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connection(Arc::clone(&self.connections))
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One request. Counts when dropped, so that one whose client left counts as well.
#[derive(Debug)]
pub(crate) struct Watch {
    figures: HttpFigures,
    route: String,
    method: &'static str,
    begun: Instant,
    status: u16,
}

impl Watch {
    /// The answer's head is there.
    pub(crate) fn end(mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let seconds = self.begun.elapsed().as_secs_f64();
        let route = std::mem::take(&mut self.route);
        let mut counts = self.figures.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let durations = counts.durations.entry(route.clone()).or_default();
        let bucket = BUCKETS.iter().position(|&most| seconds <= most).unwrap_or(BUCKETS.len());
        durations.within[bucket] += 1;
        durations.sum_seconds += seconds;
        *counts.requests.entry((route, self.method, self.status)).or_default() += 1;
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection(Arc<AtomicUsize>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

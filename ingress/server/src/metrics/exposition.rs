//! The text format 0.0.4 of Prometheus.

use super::http::{BUCKETS, Counts};
use sluice_one_machine::Figures;
use std::fmt::{Display, Write};

/// All figures at one moment.
pub(crate) struct Now {
    pub(crate) platform: Figures,
    pub(crate) http: Counts,
    pub(crate) connections: usize,
    pub(crate) body_bytes: usize,
}

/// What `/metrics` answers.
pub(crate) fn exposition(now: &Now) -> String {
    let mut page = Page::default();
    let figures = &now.platform;
    page.counter("documents_total", "Documents accepted.", figures.documents);
    page.counter("document_bytes_total", "Bodies accepted, as stored.", figures.document_bytes);
    page.counter("batches_total", "Batches committed.", figures.batches);
    page.counter("batch_failures_total", "Tries of a batch that failed.", figures.batch_failures);
    page.counter("rows_total", "Rows committed, child rows included.", figures.rows);
    page.head("rejects_total", "Rejects committed, by code.", "counter");
    for (code, count) in &figures.rejects {
        page.line("rejects_total", &[("code", code)], count);
    }
    page.counter("conflicts_total", "New type conflicts.", figures.conflicts);
    page.counter("parts_total", "Parts written.", figures.parts);
    page.counter("part_bytes_total", "Bytes of the parts written.", figures.part_bytes);
    page.counter("parts_merged_total", "Parts merged away.", figures.parts_merged);
    page.gauge(
        "waiting_documents",
        "Documents that are in no committed batch.",
        figures.waiting_documents,
    );
    page.gauge("waiting_batches", "Batches that are not committed.", figures.waiting_batches);
    #[expect(clippy::cast_precision_loss, reason = "exact up to thousands of years")]
    let lag_seconds = figures.lag_ms as f64 / 1_000.0;
    page.gauge("lag_seconds", "How long the oldest waiting document has waited.", lag_seconds);
    page.gauge("live_parts", "Parts that readers see.", figures.live_parts);
    page.gauge("stopped_batches", "Batches that a person must look at.", figures.stopped_batches);
    page.http(now);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn http(&mut self, now: &Now) {
        self.gauge("http_connections", "Open connections.", now.connections);
        self.gauge("http_body_bytes", "Memory taken by request bodies.", now.body_bytes);
        self.head("http_requests_total", "Requests; status 499: the client left.", "counter");
        for ((route, method, status), count) in &now.http.requests {
            let status = status.to_string();
            let labels = [("route", route.as_str()), ("method", method), ("status", &status)];
            self.line("http_requests_total", &labels, count);
        }
        let name = "http_request_seconds";
        self.head(name, "From a request's head to its answer's head.", "histogram");
        for (route, durations) in &now.http.durations {
            let mut count = 0;
            for (within, most) in durations.within.iter().zip(BUCKETS) {
                count += within;
                let labels = [("route", route.as_str()), ("le", &most.to_string())];
                self.line("http_request_seconds_bucket", &labels, count);
            }
            count += durations.within[BUCKETS.len()];
            let labels = [("route", route.as_str()), ("le", "+Inf")];
            self.line("http_request_seconds_bucket", &labels, count);
            let labels = [("route", route.as_str())];
            self.line("http_request_seconds_sum", &labels, durations.sum_seconds);
            self.line("http_request_seconds_count", &labels, count);
        }
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "counter");
        self.line(name, &[], value);
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "gauge");
        self.line(name, &[], value);
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.text, "# HELP sluice_{name} {help}\n# TYPE sluice_{name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.text, "sluice_{name}");
        for (at, (label, text)) in labels.iter().enumerate() {
            let open = if at == 0 { '{' } else { ',' };
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{open}{label}=\"{text}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::super::HttpFigures;
    use super::{Now, exposition};
    use axum::http::{Method, StatusCode};
    use sluice_one_machine::Figures;
    use std::collections::BTreeSet;

    #[test]
    fn every_line_belongs_to_a_metric_with_help_and_type() {
        let http = HttpFigures::default();
        http.begin("/tables", &Method::GET).end(StatusCode::OK);
        http.begin("other", &Method::TRACE).end(StatusCode::NOT_FOUND);
        drop(http.begin("/sql", &Method::POST));
        let rejects = [("type_conflict".to_owned(), 3)].into();
        let platform = Figures { documents: 7, lag_ms: 1_500, rejects, ..Figures::default() };
        let text =
            exposition(&Now { platform, http: http.counts(), connections: 1, body_bytes: 1_024 });
        for line in [
            "sluice_documents_total 7",
            "sluice_lag_seconds 1.5",
            "sluice_rejects_total{code=\"type_conflict\"} 3",
            "sluice_http_requests_total{route=\"/tables\",method=\"GET\",status=\"200\"} 1",
            "sluice_http_requests_total{route=\"/sql\",method=\"POST\",status=\"499\"} 1",
            "sluice_http_requests_total{route=\"other\",method=\"other\",status=\"404\"} 1",
            "sluice_http_request_seconds_bucket{route=\"/tables\",le=\"+Inf\"} 1",
            "sluice_http_request_seconds_count{route=\"/sql\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let typed: BTreeSet<_> =
            text.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let mut seen = BTreeSet::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end).filter(|base| typed.contains(base)));
            assert!(typed.contains(base.unwrap_or(name)), "{line}");
            assert!(seen.insert(line.rsplit_once(' ').unwrap().0), "twice: {line}");
        }
    }
}

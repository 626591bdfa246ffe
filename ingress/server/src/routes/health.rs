//! `GET /health`: for supervisors, without a token, and without figures.

use crate::answer::{json, success};
use crate::failure::{Code, Failure, Told};
use crate::front::Front;
use crate::limits::LAG_DEGRADED_MS;
use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sluice_one_machine::Figures;
use std::sync::Arc;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

pub(crate) async fn get(State(front): State<Arc<Front>>) -> Response {
    let failure = match front.platform.figures().await {
        Ok(figures) => degraded(&figures),
        Err(_) => Some(Failure::new(Code::Degraded, "the store does not answer; the log says why")),
    };
    let Some(failure) = failure else {
        return success(&Health { status: "ok" });
    };
    #[derive(Serialize)]
    struct Form<'a> {
        success: bool,
        error: Told<'a>,
        data: Health,
    }
    let data = Health { status: "degraded" };
    let form = Form { success: false, error: failure.told(), data };
    ([(RETRY_AFTER, "30")], json(failure.code.status(), &form)).into_response()
}

/// What is wrong. Documents are accepted all the same.
fn degraded(figures: &Figures) -> Option<Failure> {
    let message = match (figures.stopped_batches, figures.lag_ms) {
        (0, lag_ms) if lag_ms <= LAG_DEGRADED_MS => return None,
        (0, _) => "documents have waited for minutes to become rows; the log says why",
        (_, _) => "batches stopped that a person must look at; the log names them",
    };
    Some(Failure::new(Code::Degraded, message))
}

#[cfg(test)]
mod tests {
    use super::degraded;
    use crate::limits::LAG_DEGRADED_MS;
    use sluice_one_machine::Figures;

    #[test]
    fn stopped_batches_and_lag_degrade() {
        let cases = [
            (0, 0, "ok"),
            (0, LAG_DEGRADED_MS, "ok"),
            (0, LAG_DEGRADED_MS + 1, "waited"),
            (1, 0, "stopped"),
        ];
        for (stopped_batches, lag_ms, expected) in cases {
            let figures = Figures { stopped_batches, lag_ms, ..Figures::default() };
            let told = degraded(&figures).map_or("ok".into(), |failure| failure.message);
            assert!(told.contains(expected), "{told}");
        }
    }
}

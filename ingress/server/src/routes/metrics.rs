//! `GET /metrics`, for Prometheus.

use crate::failure::Failure;
use crate::front::Front;
use crate::limits::BODY_UNIT_BYTES;
use crate::metrics::{Now, exposition};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

pub(crate) async fn get(State(front): State<Arc<Front>>) -> Result<Response, Failure> {
    let units = front.limits.bodies_bytes_max / BODY_UNIT_BYTES;
    let taken = units.saturating_sub(front.body_units.available_permits());
    let now = Now {
        platform: front.platform.figures().await?,
        http: front.figures.counts(),
        connections: front.figures.connections(),
        body_bytes: taken * BODY_UNIT_BYTES,
    };
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(CONTENT_TYPE, content_type)], exposition(&now)).into_response())
}

//! What a success says.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

#[derive(Serialize)]
struct Form<'a, T> {
    success: bool,
    data: &'a T,
}

/// `200 {"success":true,"data":…}`.
pub(crate) fn success<T: Serialize>(data: &T) -> Response {
    json(StatusCode::OK, &Form { success: true, data })
}

/// The same with 202, for work that goes on.
pub(crate) fn accepted<T: Serialize>(data: &T) -> Response {
    json(StatusCode::ACCEPTED, &Form { success: true, data })
}

/// Any JSON.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => {
            let content_type = HeaderValue::from_static("application/json");
            (status, [(CONTENT_TYPE, content_type)], body).into_response()
        }
        Err(_) => crate::failure::Failure::internal().into_response(),
    }
}

//! The routes of the contract.

mod accept;
mod document;
mod health;
mod metrics;
mod names;
mod openapi;
mod rebuild;
mod retain;
mod sql;
mod table;

use crate::door::{HEALTH, door};
use crate::failure::{Code, Failure};
use crate::front::Front;
use crate::limits::HttpLimits;
use crate::sql::Sql;
use crate::tokens::Tokens;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use sluice_one_machine::Platform;
use sluice_sql::{SqlError, SqlLimits};
use std::sync::Arc;

/// The door to an open platform, without a socket. Needs a tokio runtime with time.
///
/// Tokens, bounds of bodies and everything else a request meets are here; bounds of connections
/// are [`Server`](crate::Server)'s.
///
/// # Errors
/// [`SqlError`] when the SQL engine cannot start.
pub fn router(
    platform: Platform,
    sql: SqlLimits,
    tokens: Option<Tokens>,
    limits: HttpLimits,
) -> Result<Router, SqlError> {
    let sql = Sql::new(platform.lake_root(), sql)?;
    Ok(routes(Arc::new(Front::new(platform, sql, tokens, limits))))
}

pub(crate) fn routes(front: Arc<Front>) -> Router {
    Router::new()
        .route("/table/{table}/object", post(accept::post))
        .route("/table/{table}/object/{id}", put(accept::put).get(document::get))
        .route("/tables", get(table::list))
        .route("/table/{table}", get(table::get))
        .route("/table/{table}/rebuild", post(rebuild::start).get(rebuild::get))
        .route("/table/{table}/rebuild/switch", post(rebuild::switch))
        .route("/retain", post(retain::post))
        .route("/sql", post(sql::post))
        .route(HEALTH, get(health::get))
        .route("/metrics", get(metrics::get))
        .route("/openapi.json", get(openapi::get))
        .fallback(async || {
            Failure::new(Code::NotFound, "there is no such path; GET /openapi.json lists all")
        })
        .method_not_allowed_fallback(async || {
            let message = "the path does not take this method; `Allow` lists those it takes";
            Failure::new(Code::MethodNotAllowed, message)
        })
        // `body::read` bounds them.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&front), door))
        .with_state(front)
}

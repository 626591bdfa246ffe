//! SQL: the one place that knows the engine.

use crate::failure::{Code, Failure};
use crate::log;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt};
use sluice_one_machine::Snapshot;
use sluice_sql::{ResultFormat, SqlEngine, SqlError, SqlLimits};
use std::path::Path;
use std::sync::Arc;

/// The engine.
pub(crate) struct Sql {
    engine: SqlEngine,
}

impl Sql {
    pub(crate) fn new(lake_root: &Path, limits: SqlLimits) -> Result<Self, SqlError> {
        // The first part makes the folder, the engine wants it before.
        std::fs::create_dir_all(lake_root).map_err(|error| SqlError::Engine(Box::new(error)))?;
        Ok(Sql { engine: SqlEngine::new(lake_root.to_owned(), limits)? })
    }

    /// Answers one statement over what is committed. The rows are streamed; one that fails in
    /// between cuts the connection. Dropping the answer cancels the query.
    pub(crate) async fn answer(
        &self,
        snapshot: Arc<Snapshot>,
        statement: &str,
        format: ResultFormat,
    ) -> Result<Response, Failure> {
        let result = self.engine.query(snapshot, statement, format).await.map_err(told)?;
        let content_type = HeaderValue::from_static(result.content_type);
        let rows = result.map_err(told).inspect(|piece| {
            if let Err(failure) = piece {
                log::event("answer_cut", &[("code", failure.code.as_str().to_owned())]);
            }
        });
        let rows = rows.map_err(|failure| std::io::Error::other(failure.code.as_str()));
        Ok(([(CONTENT_TYPE, content_type)], Body::from_stream(rows)).into_response())
    }
}

/// What the client learns, and the log. What the engine itself says can hold values of the lake,
/// so only the part that cannot be read is logged (I-8).
fn told(error: SqlError) -> Failure {
    let message = error.to_string();
    match error {
        SqlError::Wrong { .. } => Failure::new(Code::BadQuery, message),
        SqlError::NotReadOnly { .. } => Failure::new(Code::NotReadOnly, message),
        SqlError::TooLong { .. } => Failure::new(Code::QueryTooLong, message),
        SqlError::TimedOut { .. } => {
            let advice = "select fewer days or columns, or raise the server's limit";
            Failure::new(Code::QueryTimeout, format!("{message}: {advice}"))
        }
        SqlError::TooMuchMemory { .. } => {
            let advice = "select, group or sort less, or raise the server's limit";
            Failure::new(Code::QueryTooLarge, format!("{message}: {advice}"))
        }
        SqlError::Busy { .. } => {
            Failure::new(Code::Busy, format!("{message}; try again in a moment"))
        }
        SqlError::Lake { .. } => {
            log::event("part_unreadable", &[("error", message.clone())]);
            Failure::new(Code::Damaged, message)
        }
        SqlError::Engine(_) => {
            log::event("sql_failed", &[("error", message)]);
            Failure::internal()
        }
        SqlError::Stopped => Failure::new(Code::Unavailable, "the server is about to stop"),
    }
}

//! Rebuilding a table: start, look, switch.

mod told;

use super::names::{InPath, table_name};
use crate::answer::{accepted, success};
use crate::failure::{Code, Failure};
use crate::front::Front;
use crate::log;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use sluice_one_machine::{RebuildError, ReloadError};
use std::sync::Arc;
use told::Told;

/// `POST /table/{table}/rebuild`: starts one, or tells of the one that runs under the same settings.
pub(crate) async fn start(
    State(front): State<Arc<Front>>,
    InPath(table): InPath<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let table = table_name(&table)?;
    let without_removed = without_removed(query.as_deref().unwrap_or_default())?;
    reload_settings(&front).await?;
    let view = front.platform.start_rebuild(&table, without_removed).await?;
    Ok(accepted(&Told::of(&table, &view)))
}

/// Puts the settings file in force as it is now.
pub(super) async fn reload_settings(front: &Front) -> Result<(), Failure> {
    let platform = front.platform.clone();
    // A file that is being written is waited for.
    let reloaded = tokio::task::spawn_blocking(move || platform.reload_settings()).await;
    Ok(reloaded.map_err(|_| Failure::internal())??)
}

/// The flag that lets rows go: no guessing.
fn without_removed(query: &str) -> Result<bool, Failure> {
    let mut asked = false;
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("without_removed", "true")) => asked = true,
            Some(("without_removed", "false")) => asked = false,
            Some(("without_removed", _)) => {
                let message = "without_removed is true or false";
                return Err(Failure::new(Code::BadRequest, message));
            }
            _ if pair == "without_removed" => {
                let message = "without_removed wants a value: true or false";
                return Err(Failure::new(Code::BadRequest, message));
            }
            _ => {}
        }
    }
    Ok(asked)
}

/// `GET /table/{table}/rebuild`.
pub(crate) async fn get(
    State(front): State<Arc<Front>>,
    InPath(table): InPath<String>,
) -> Result<Response, Failure> {
    let table = table_name(&table)?;
    let view = front.platform.rebuild(&table).ok_or_else(|| {
        let message =
            format!("no rebuild of {table} since the server started; POST here starts one");
        Failure::new(Code::NotFound, message)
    })?;
    Ok(success(&Told::of(&table, &view)))
}

/// `POST /table/{table}/rebuild/switch`.
pub(crate) async fn switch(
    State(front): State<Arc<Front>>,
    InPath(table): InPath<String>,
) -> Result<Response, Failure> {
    let table = table_name(&table)?;
    let (platform, name) = (front.platform.clone(), table.clone());
    // It waits for batches at work.
    let switched = tokio::task::spawn_blocking(move || platform.switch(&name)).await;
    let view = switched.map_err(|_| Failure::internal())??;
    Ok(success(&Told::of(&table, &view)))
}

impl From<RebuildError> for Failure {
    fn from(error: RebuildError) -> Self {
        match error {
            RebuildError::Port(error) => error.into(),
            RebuildError::UnknownTable { .. } => Failure::new(Code::NotFound, error.to_string()),
            RebuildError::Removed { .. } => Failure::new(
                Code::RowsWouldBeLost,
                format!("{error}; ask with ?without_removed=true to rebuild without them"),
            ),
            RebuildError::NotReady { .. } | RebuildError::UnderWay { .. } => {
                Failure::new(Code::NotReady, error.to_string())
            }
            RebuildError::Busy { .. } => Failure::new(Code::Busy, error.to_string()),
            RebuildError::Closing => Failure::new(Code::Unavailable, error.to_string()),
            RebuildError::Normalize(_) | RebuildError::Panicked { .. } => {
                log::event("rebuild_failed", &[("error", log::chain(&error))]);
                Failure::internal()
            }
        }
    }
}

impl From<ReloadError> for Failure {
    fn from(error: ReloadError) -> Self {
        Failure::new(Code::BadSettings, log::chain(&error))
    }
}

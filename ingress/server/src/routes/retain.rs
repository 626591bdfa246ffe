//! `POST /retain`: removes what the settings say is too old.

use super::rebuild::reload_settings;
use crate::answer::success;
use crate::failure::Failure;
use crate::front::Front;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Told {
    tables: Vec<ToldTable>,
}

#[derive(Serialize)]
struct ToldTable {
    table: String,
    documents: u64,
    parts: u64,
    rows: u64,
}

pub(crate) async fn post(State(front): State<Arc<Front>>) -> Result<Response, Failure> {
    reload_settings(&front).await?;
    let retained = front.platform.retain().await?;
    let tables = retained.into_iter().map(|gone| ToldTable {
        table: gone.table.to_string(),
        documents: gone.documents,
        parts: gone.parts,
        rows: gone.rows,
    });
    Ok(success(&Told { tables: tables.collect() }))
}

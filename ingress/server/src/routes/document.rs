//! `GET /table/{table}/object/{id}`: where a document is.

use super::names::{InPath, known_id, table_name};
use crate::answer::success;
use crate::failure::{Code, Failure};
use crate::front::Front;
use crate::time::rfc3339;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use sluice_normalizer::RejectReason;
use sluice_one_machine::DocumentView;
use std::sync::Arc;

pub(crate) async fn get(
    State(front): State<Arc<Front>>,
    InPath((table, id)): InPath<(String, String)>,
) -> Result<Response, Failure> {
    let table = table_name(&table)?;
    let id = known_id(&id)?;
    let found = front.platform.document(&id).await?;
    let view = found.filter(|view| view.head.table == table).ok_or_else(|| {
        Failure::new(Code::NotFound, format!("table {table} has no document {id}"))
    })?;
    Ok(success(&Told::from(&view)))
}

#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    table: &'a str,
    state: &'static str,
    received_at: String,
    committed_at: Option<String>,
    batch: Option<&'a str>,
    /// None until the batch is committed, as those below.
    rows: Option<u64>,
    rejects: Option<u64>,
    reasons: Vec<Reason<'a>>,
    bytes: u64,
    principal: Option<&'a str>,
}

#[derive(Serialize)]
struct Reason<'a> {
    row: Option<u32>,
    code: &'a str,
    message: &'a str,
    pointer: Option<&'a str>,
}

impl<'a> From<&'a DocumentView> for Told<'a> {
    fn from(view: &'a DocumentView) -> Self {
        let outcome = view.outcome.as_ref();
        Told {
            id: view.head.id.as_str(),
            table: view.head.table.as_str(),
            state: view.state.as_str(),
            received_at: rfc3339(view.head.received_at_ms),
            committed_at: view.committed_at_ms.map(rfc3339),
            batch: view.batch.as_ref().map(sluice_normalizer::BatchId::as_str),
            rows: outcome.map(|outcome| outcome.rows),
            rejects: outcome.map(|outcome| outcome.rejects),
            reasons: outcome
                .map(|outcome| outcome.reasons.iter().map(Reason::from).collect())
                .unwrap_or_default(),
            bytes: view.head.bytes,
            principal: view.head.principal.as_deref(),
        }
    }
}

impl<'a> From<&'a RejectReason> for Reason<'a> {
    fn from(reason: &'a RejectReason) -> Self {
        Reason {
            row: reason.record,
            code: &reason.code,
            message: &reason.message,
            pointer: reason.pointer.as_deref(),
        }
    }
}

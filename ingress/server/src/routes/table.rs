//! `GET /tables` and `GET /table/{table}`.

mod told;

use super::names::{InPath, table_name};
use crate::answer::success;
use crate::failure::{Code, Failure};
use crate::front::Front;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use told::{Summary, Table};

pub(crate) async fn list(State(front): State<Arc<Front>>) -> Result<Response, Failure> {
    #[derive(Serialize)]
    struct Tables<'a> {
        tables: Vec<Summary<'a>>,
    }
    let tables = front.platform.tables().await?;
    Ok(success(&Tables { tables: tables.iter().map(Summary::from).collect() }))
}

pub(crate) async fn get(
    State(front): State<Arc<Front>>,
    InPath(table): InPath<String>,
) -> Result<Response, Failure> {
    let table = table_name(&table)?;
    let detail = front.platform.table(&table).await?.ok_or_else(|| {
        let message = format!("there is no table {table}: no document of it is normalized yet");
        Failure::new(Code::NotFound, message)
    })?;
    Ok(success(&Table::from(&detail)))
}

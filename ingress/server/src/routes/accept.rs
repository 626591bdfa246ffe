//! `POST` and `PUT` of documents. A 200 means durable, and that it becomes rows or rejects (I-1).

use super::names::{InPath, chosen_id, table_name};
use crate::answer::success;
use crate::body::{Bound, Held, read};
use crate::door::Principal;
use crate::failure::{Code, Failure};
use crate::front::Front;
use crate::limits::JUDGED_INLINE_BYTES_MAX;
use crate::media;
use crate::time::now_ms;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Serialize;
use sluice_normalizer::limits::DOCUMENT_BYTES_MAX;
use sluice_normalizer::{DocumentId, Encoding, Form, Refusal, TableName, check_at_door};
use sluice_one_machine::PutWithin;
use sluice_pipeline::{DocumentHead, Put, StoredDocument};
use std::sync::Arc;
use uuid::Uuid;

/// Compressed or not: what is stored is no larger than what it may become.
const BOUND: Bound = Bound {
    bytes_max: DOCUMENT_BYTES_MAX,
    code: Code::DocumentTooLarge,
    message: "a document has at most 10,000,000 bytes, compressed or not: cut it into several, \
              NDJSON between two lines",
};
const _: () = assert!(DOCUMENT_BYTES_MAX == 10_000_000, "the message says so");

pub(crate) async fn post(
    State(front): State<Arc<Front>>,
    InPath(table): InPath<String>,
    request: Request,
) -> Result<Response, Failure> {
    let table = table_name(&table)?;
    let id = DocumentId::parse(&Uuid::now_v7().to_string()).map_err(|_| Failure::internal())?;
    let (id, put) = accept(&front, table, id, request).await?;
    match put {
        Put::Stored => Ok(accepted(&id)),
        // Two UUIDs of version 7 that are the same: the document was not kept.
        Put::Taken(_) => Err(taken(&id)),
    }
}

pub(crate) async fn put(
    State(front): State<Arc<Front>>,
    InPath((table, id)): InPath<(String, String)>,
    request: Request,
) -> Result<Response, Failure> {
    let table = table_name(&table)?;
    let id = chosen_id(&id)?;
    match accept(&front, table.clone(), id, request).await? {
        (id, Put::Stored) => Ok(accepted(&id)),
        (id, Put::Taken(head)) if head.table == table => Ok(accepted(&id)),
        (id, Put::Taken(_)) => Err(taken(&id)),
    }
}

/// Judges a request and makes its body durable.
async fn accept(
    front: &Front,
    table: TableName,
    id: DocumentId,
    request: Request,
) -> Result<(DocumentId, Put), Failure> {
    let (parts, body) = request.into_parts();
    let form = media::form(&parts.headers)?;
    let encoding = media::encoding(&parts.headers)?;
    let held = read(front, &parts.headers, body, BOUND).await?;
    let Held { bytes, share } = judge(front, form, encoding, held).await?;
    let principal = parts.extensions.get::<Principal>().map(|Principal(name)| name.to_string());
    let head = DocumentHead {
        id: id.clone(),
        table,
        received_at_ms: now_ms(),
        principal,
        form,
        encoding,
        bytes: bytes.len() as u64,
        fault: None,
    };
    let put = front.platform.accept(StoredDocument { head, body: bytes }).await?;
    drop(share);
    match put {
        PutWithin::Put(put) => Ok((id, put)),
        PutWithin::TooManyTables => Err(Failure::new(
            Code::TooManyTables,
            "there are as many tables as the settings allow (limits.tables in sluice.yaml); post to \
             one of them, or let somebody raise the limit",
        )),
    }
}

/// Refuses what would become nothing but one reject. Large bodies are judged where it does not
/// hold up other requests.
async fn judge(front: &Front, form: Form, encoding: Encoding, held: Held) -> Result<Held, Failure> {
    if encoding == Encoding::Identity && held.bytes.len() <= JUDGED_INLINE_BYTES_MAX {
        check_at_door(form, encoding, &held.bytes).map_err(refused)?;
        return Ok(held);
    }
    let turn = Arc::clone(&front.judging).acquire_owned().await;
    let judged = tokio::task::spawn_blocking(move || {
        let judged = check_at_door(form, encoding, &held.bytes);
        drop(turn);
        judged.map(|()| held)
    });
    match judged.await {
        Ok(judged) => judged.map_err(refused),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Failure::new(Code::Unavailable, "the server is about to stop")),
        },
    }
}

/// The reject's code is the failure's code.
fn refused(refusal: Refusal) -> Failure {
    let code = match refusal.code {
        "document_too_large" => Code::DocumentTooLarge,
        "malformed_json" => Code::MalformedJson,
        "not_an_object" => Code::NotAnObject,
        "no_records" => Code::NoRecords,
        "bad_content_encoding" => Code::BadContentEncoding,
        _ => Code::BadDocument,
    };
    Failure::new(code, refusal.message)
}

fn accepted(id: &DocumentId) -> Response {
    #[derive(Serialize)]
    struct Accepted<'a> {
        id: &'a str,
    }
    success(&Accepted { id: id.as_str() })
}

fn taken(id: &DocumentId) -> Failure {
    Failure::new(Code::IdTaken, format!("the id {id} belongs to another document"))
}

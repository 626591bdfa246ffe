//! Heads of documents to and from rows.

use super::batch_ids::table_name;
use super::fault::{Damage, Fault};
use super::keys::DocumentKey;
use super::numbers::count;
use rusqlite::Row;
use sluice_normalizer::{Encoding, Form};
use sluice_pipeline::DocumentHead;

/// Reads a head from the columns `id`, the table's `name`, `received_at_ms`, `principal`, `form`,
/// `encoding` and `bytes`, which start at `first`.
pub(super) fn head(row: &Row<'_>, first: usize) -> Result<DocumentHead, Fault> {
    let key: DocumentKey = row.get(first)?;
    let table: String = row.get(first + 1)?;
    Ok(DocumentHead {
        id: key.id()?,
        table: table_name(&table)?,
        received_at_ms: row.get(first + 2)?,
        principal: row.get(first + 3)?,
        form: form(row.get(first + 4)?)?,
        encoding: encoding(row.get(first + 5)?)?,
        bytes: count("documents.bytes", row.get(first + 6)?)?,
        fault: None,
    })
}

pub(super) fn form_code(form: Form) -> i64 {
    match form {
        Form::Json => 0,
        Form::Ndjson => 1,
        Form::Elements => 2,
    }
}

fn form(code: i64) -> Result<Form, Fault> {
    match code {
        0 => Ok(Form::Json),
        1 => Ok(Form::Ndjson),
        2 => Ok(Form::Elements),
        _ => Err(Damage::Value { column: "documents.form" }.into()),
    }
}

pub(super) fn encoding_code(encoding: Encoding) -> i64 {
    match encoding {
        Encoding::Identity => 0,
        Encoding::Gzip => 1,
    }
}

fn encoding(code: i64) -> Result<Encoding, Fault> {
    match code {
        0 => Ok(Encoding::Identity),
        1 => Ok(Encoding::Gzip),
        _ => Err(Damage::Value { column: "documents.encoding" }.into()),
    }
}

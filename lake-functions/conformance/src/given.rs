//! Values for the suites.

use sluice_normalizer::{DocumentId, Encoding, Form, Registry, TableName};
use sluice_pipeline::{Batch, DocumentHead, StoredDocument};

/// 2026-11-20T00:00:00Z, milliseconds.
pub(crate) const TODAY_MS: i64 = 1_795_132_800_000;

pub(crate) fn table(name: &str) -> TableName {
    TableName::parse(name).expect("a table name")
}

pub(crate) fn id(text: &str) -> DocumentId {
    DocumentId::parse(text).expect("a document id")
}

/// A document of one record.
pub(crate) fn document(table_name: &str, id_text: &str, body: &str) -> StoredDocument {
    StoredDocument {
        head: DocumentHead {
            id: id(id_text),
            table: table(table_name),
            received_at_ms: TODAY_MS + 1,
            principal: None,
            form: Form::Json,
            encoding: Encoding::Identity,
            bytes: body.len() as u64,
            fault: None,
        },
        body: body.as_bytes().to_vec(),
    }
}

pub(crate) fn batch(table_name: &str, ids: &[&str]) -> Batch {
    Batch::new(table(table_name), 1, ids.iter().map(|text| id(text)).collect())
}

pub(crate) fn registry(table_name: &str, version: u64) -> Registry {
    Registry { version, ..Registry::empty(&table(table_name), 1) }
}

//! Documents through the public API, batch after batch, as a writer would: the registry is stored
//! and read again between batches.

use serde_json::Value;
use sluice_normalizer::{
    BatchId, Document, DocumentId, Encoding, Form, Registry, Report, Shaper, TableName,
    TableSettings,
};

/// When all test documents were received: 2026-02-03T04:05:06.789Z.
pub const RECEIVED_AT_MS: i64 = 1_770_091_506_789;

/// One accepted document.
#[derive(Clone)]
pub struct Posted {
    pub id: String,
    pub form: Form,
    pub encoding: Encoding,
    pub principal: Option<String>,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Posted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Posted { id, form, encoding, body, .. } = self;
        write!(f, "{id} {form:?} {encoding:?} {:?}", String::from_utf8_lossy(body))
    }
}

impl Posted {
    pub fn new(id: impl Into<String>, form: Form, body: impl Into<Vec<u8>>) -> Self {
        Posted {
            id: id.into(),
            form,
            encoding: Encoding::Identity,
            principal: None,
            body: body.into(),
        }
    }
}

/// One part as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartFile {
    pub table: String,
    pub key: String,
    pub rows: u64,
    pub bytes: Vec<u8>,
}

/// What the batches left.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Every version in order, the empty one first, as JSON.
    pub registries: Vec<String>,
    pub parts: Vec<PartFile>,
    pub reports: Vec<Report>,
}

impl Written {
    pub fn last_registry(&self) -> Value {
        let last = self.registries.last().expect("there is at least the empty one");
        serde_json::from_str(last).expect("a registry is JSON")
    }
}

/// The settings of table `t` in a `sluice.yaml`.
pub fn settings(yaml: &str) -> TableSettings {
    let settings = sluice_normalizer::Settings::from_yaml(yaml)
        .unwrap_or_else(|error| panic!("{error:?} in {yaml}"));
    settings.table(&TableName::parse("t").expect("t is a table name"))
}

/// Shapes and encodes batches into table `t`.
pub fn post(settings: &TableSettings, batches: &[Vec<Posted>]) -> Written {
    let table = TableName::parse("t").expect("t is a table name");
    let mut registry = Registry::empty(&table, 1);
    let mut written = Written { registries: vec![registry.to_json()], ..Written::default() };
    for batch in batches {
        registry = post_batch(&table, settings, &registry, batch, &mut written);
    }
    written
}

fn post_batch(
    table: &TableName,
    settings: &TableSettings,
    registry: &Registry,
    batch: &[Posted],
    written: &mut Written,
) -> Registry {
    let ids: Vec<DocumentId> =
        batch.iter().map(|d| DocumentId::parse(&d.id).expect("a document id")).collect();
    let mut shaper = Shaper::new(registry, settings);
    for (id, posted) in ids.iter().zip(batch) {
        shaper.document(&Document {
            id,
            received_at_ms: RECEIVED_AT_MS,
            principal: posted.principal.as_deref(),
            form: posted.form,
            encoding: posted.encoding,
            body: &posted.body,
        });
    }
    let shaped = shaper.finish();
    let id = BatchId::derive(table, 1, ids.iter());
    for part in shaped.parts(&id) {
        written.parts.push(PartFile {
            table: part.table().to_owned(),
            key: part.key().to_owned(),
            rows: part.rows(),
            bytes: part.encode().expect("any shaped batch can be encoded"),
        });
    }
    let json = shaped.registry().to_json();
    let next = Registry::from_json(json.as_bytes()).expect("a stored registry is readable");
    assert_eq!(&next, shaped.registry(), "a registry survives being stored");
    if shaped.registry() == registry {
        assert_eq!(shaped.registry().version, registry.version);
    } else {
        written.registries.push(json);
    }
    written.reports.push(shaped.report().clone());
    next
}

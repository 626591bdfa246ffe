//! A lake in a temporary folder, written by the normalizer.

use futures::StreamExt;
use sluice_normalizer::{
    BatchId, Document, DocumentId, Encoding, Form, REJECTS_TABLE, Registry, Settings, Shaper,
    TableName, ingest_date,
};
use sluice_one_machine::{Part, Snapshot, TableSnapshot};
use sluice_sql::{QueryResult, ResultFormat, SqlEngine, SqlError, SqlLimits};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// 2026-02-03T04:05:06.789Z.
pub const RECEIVED_AT_MS: i64 = 1_770_091_506_789;
pub const DAY_MS: i64 = 86_400_000;

pub struct Lake {
    pub folder: TempDir,
    settings: Settings,
    registries: BTreeMap<String, Registry>,
    parts: BTreeMap<(String, String), Vec<Arc<Part>>>,
    rejects: Vec<Arc<Part>>,
    documents: usize,
}

pub fn limits() -> SqlLimits {
    SqlLimits {
        memory_bytes: 64 << 20,
        timeout: Duration::from_mins(5),
        threads: 2,
        ..SqlLimits::default()
    }
}

impl Lake {
    pub fn new() -> Self {
        Lake::with_settings("")
    }

    pub fn with_settings(yaml: &str) -> Self {
        Lake {
            folder: TempDir::new().unwrap(),
            settings: Settings::from_yaml(yaml).unwrap(),
            registries: BTreeMap::new(),
            parts: BTreeMap::new(),
            rejects: Vec::new(),
            documents: 0,
        }
    }

    /// A lake with one table `t` of these batches.
    pub fn of(batches: &[&str]) -> Self {
        let mut lake = Lake::new();
        for batch in batches {
            lake.post("t", 0, batch);
        }
        lake
    }

    /// One batch of one NDJSON document `d<n>`, received so many days after the first.
    pub fn post(&mut self, table: &str, day: i64, ndjson: &str) {
        let name = TableName::parse(table).unwrap();
        let table = name.as_str().to_owned();
        let registry = self.registries.remove(&table).unwrap_or_else(|| Registry::empty(&name, 1));
        let settings = self.settings.table(&name);
        let id = DocumentId::parse(&format!("d{}", self.documents)).unwrap();
        self.documents += 1;
        let received_at_ms = RECEIVED_AT_MS + day * DAY_MS;
        let mut shaper = Shaper::new(&registry, &settings);
        shaper.document(&Document {
            id: &id,
            received_at_ms,
            principal: Some("ann"),
            form: Form::Ndjson,
            encoding: Encoding::Identity,
            body: ndjson.as_bytes(),
        });
        let shaped = shaper.finish();
        let batch = BatchId::derive(&name, 1, [&id].into_iter());
        for planned in shaped.parts(&batch) {
            let bytes = planned.encode().unwrap();
            let part = Arc::new(Part {
                key: planned.key().to_owned(),
                tier: "live".to_owned(),
                ingest_date: ingest_date(received_at_ms),
                rows: planned.rows(),
                bytes: bytes.len() as u64,
            });
            let path = self.path(&part.key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
            if planned.table() == REJECTS_TABLE {
                self.rejects.push(part);
            } else {
                let key = (table.clone(), planned.table().to_owned());
                self.parts.entry(key).or_default().push(part);
            }
        }
        let next = shaped.registry().clone();
        self.registries.insert(table, next);
    }

    /// Adds a part of `table` that lies nowhere.
    pub fn add_missing(&mut self, table: &str, tier: &str, ingest_date: &str) {
        let part = Arc::new(Part {
            key: format!("{table}/g1/tier={tier}/ingest_date={ingest_date}/missing.parquet"),
            tier: tier.to_owned(),
            ingest_date: ingest_date.to_owned(),
            rows: 1,
            bytes: 1_000,
        });
        let root = table.split("__").next().unwrap().to_owned();
        self.parts.entry((root, table.to_owned())).or_default().push(part);
    }

    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.path().join(key)
    }

    /// The keys of a table's parts.
    pub fn keys(&self, table: &str) -> Vec<String> {
        let of_table = self.parts.iter().filter(|((_, physical), _)| physical == table);
        of_table.flat_map(|(_, parts)| parts.iter().map(|part| part.key.clone())).collect()
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        let tables = self.registries.iter().map(|(root, registry)| {
            let parts = self.parts.iter().filter(|((of, _), _)| of == root);
            let parts = parts.map(|((_, name), parts)| (name.clone(), Arc::new(parts.clone())));
            let registry = Arc::new(registry.clone());
            (root.clone(), Arc::new(TableSnapshot { registry, parts: parts.collect() }))
        });
        Arc::new(Snapshot { tables: tables.collect(), rejects: Arc::new(self.rejects.clone()) })
    }

    pub fn engine(&self, limits: SqlLimits) -> SqlEngine {
        SqlEngine::new(self.folder.path().to_owned(), limits).unwrap()
    }

    pub async fn query(&self, sql: &str, format: ResultFormat) -> Result<String, SqlError> {
        let engine = self.engine(limits());
        text(engine.query(self.snapshot(), sql, format).await?).await
    }

    /// The answer as CSV.
    #[track_caller]
    pub fn check(&self, sql: &str, expected: &str) {
        let answer = block_on(self.query(sql, ResultFormat::Csv));
        let answer = answer.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let lines: Vec<&str> = expected.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        assert_eq!(answer.lines().collect::<Vec<_>>(), lines, "{sql}");
    }

    #[track_caller]
    pub fn error(&self, sql: &str) -> SqlError {
        match block_on(self.query(sql, ResultFormat::Csv)) {
            Ok(answer) => panic!("{sql} answered {}", &answer[..answer.len().min(200)]),
            Err(error) => error,
        }
    }

    /// The plan with its numbers, after running it.
    pub fn plan(&self, sql: &str) -> String {
        let explained = format!("EXPLAIN ANALYZE VERBOSE {sql}");
        block_on(self.query(&explained, ResultFormat::Csv)).unwrap()
    }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// All of an answer.
pub async fn text(answer: QueryResult) -> Result<String, SqlError> {
    Ok(String::from_utf8(bytes(answer).await?).unwrap())
}

pub async fn bytes(mut answer: QueryResult) -> Result<Vec<u8>, SqlError> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}

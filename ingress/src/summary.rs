//! What a run of `sluice normalize` did, as text and as JSON.

use crate::normalize::NormalizeArgs;
use crate::text::{Align, Columns, bytes, count, counted, wrap};
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use sluice_normalizer::Kind;
use sluice_one_machine::{BatchOutcome, BatchState, NormalizeOptions, Normalized};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// The JSON of `--format json`; fields are only ever added.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    table: String,
    out: String,
    generation: u32,
    registry_version: u64,
    received_at: String,
    documents: u64,
    records: u64,
    rejected_documents: u64,
    tables: Vec<TableSummary>,
    conflicts: Vec<ConflictSummary>,
    /// By code.
    rejects: BTreeMap<String, u64>,
    already_there: AlreadyThereSummary,
    parts: u64,
    /// Decompressed, what was there already included.
    input_bytes: u64,
    /// As stored.
    read_bytes: u64,
    output_bytes: u64,
    seconds: f64,
    /// Of `input_bytes`, 1 MB = 10^6 bytes.
    mb_per_second: f64,
    batches: Vec<BatchSummary>,
    unfinished: Vec<UnfinishedSummary>,
}

#[derive(Debug, Serialize)]
struct TableSummary {
    name: String,
    rows: u64,
    columns: u64,
    new_columns: Vec<NewColumnSummary>,
}

#[derive(Debug, Serialize)]
struct NewColumnSummary {
    name: String,
    path: String,
    kind: Kind,
}

#[derive(Debug, Serialize)]
struct ConflictSummary {
    table: String,
    path: String,
    kinds: Vec<Kind>,
    /// In the order of `kinds`.
    columns: Vec<String>,
}

#[derive(Debug, Serialize)]
struct AlreadyThereSummary {
    documents: u64,
    input_bytes: u64,
    batches: u64,
    rejects: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct BatchSummary {
    batch: String,
    state: &'static str,
    documents: u64,
    records: u64,
    input_bytes: u64,
    base_version: u64,
    version: u64,
    parts: Vec<PartSummary>,
}

#[derive(Debug, Serialize)]
struct PartSummary {
    table: String,
    key: String,
    rows: u64,
    bytes: u64,
    sha256: String,
}

#[derive(Debug, Serialize)]
struct UnfinishedSummary {
    batch: String,
    inputs: Vec<String>,
}

/// New columns named per table; the rest is counted.
const NEW_COLUMNS_SHOWN: usize = 12;
/// Conflicts named; the rest is counted.
const CONFLICTS_SHOWN: usize = 12;

impl Summary {
    pub(crate) fn new(
        args: &NormalizeArgs,
        options: &NormalizeOptions,
        normalized: &Normalized,
        elapsed: Duration,
    ) -> Self {
        let batches = &normalized.batches;
        let sum = |of: fn(&BatchOutcome) -> u64| batches.iter().map(of).sum();
        let received_at = DateTime::from_timestamp_millis(options.received_at_ms);
        let seconds = elapsed.as_secs_f64();
        let there = &normalized.already_there;
        Summary {
            table: normalized.registry.table.clone(),
            out: args.out().display().to_string(),
            generation: normalized.registry.generation,
            registry_version: normalized.registry.version,
            received_at: received_at
                .map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
                .unwrap_or_default(),
            documents: sum(|batch| batch.documents),
            records: sum(|batch| batch.report.records),
            rejected_documents: sum(|batch| batch.report.rejected_documents),
            tables: tables(normalized),
            conflicts: conflicts(normalized),
            rejects: rejects(batches),
            already_there: AlreadyThereSummary {
                documents: there.documents,
                input_bytes: there.bytes,
                batches: there.batches,
                rejects: there.rejects.clone(),
            },
            parts: sum(|batch| batch.parts.len() as u64),
            input_bytes: normalized.input_bytes,
            read_bytes: normalized.read_bytes,
            output_bytes: sum(|batch| batch.parts.iter().map(|part| part.bytes).sum()),
            seconds,
            mb_per_second: mb_per_second(normalized.input_bytes, seconds),
            batches: batches.iter().map(batch_summary).collect(),
            unfinished: normalized
                .unfinished
                .iter()
                .map(|unfinished| UnfinishedSummary {
                    batch: unfinished.batch.clone(),
                    inputs: unfinished.sources.clone(),
                })
                .collect(),
        }
    }

    /// Whether any record of the inputs is a reject, now or in the batches that were there.
    pub(crate) fn has_rejects(&self) -> bool {
        !self.rejects.is_empty() || !self.already_there.rejects.is_empty()
    }

    /// The summary for people, lines of at most 80 characters unless names are long.
    pub(crate) fn to_text(&self) -> String {
        let mut out = String::new();
        self.write_tables(&mut out);
        self.write_new_columns(&mut out);
        self.write_conflicts(&mut out);
        self.write_rejects(&mut out);
        self.write_totals(&mut out);
        out
    }

    fn write_tables(&self, out: &mut String) {
        if self.tables.is_empty() {
            return;
        }
        let mut columns = Columns::new([Align::Left, Align::Right, Align::Right, Align::Right]);
        columns.row(["table", "rows", "columns", "new"].map(str::to_owned));
        for table in &self.tables {
            let new = table.new_columns.len() as u64;
            columns.row([table.name.clone(), count(table.rows), count(table.columns), count(new)]);
        }
        columns.write(out, 0);
        out.push('\n');
    }

    fn write_new_columns(&self, out: &mut String) {
        let with_new = || self.tables.iter().filter(|table| !table.new_columns.is_empty());
        if with_new().next().is_none() {
            return;
        }
        out.push_str("new columns\n");
        for table in with_new() {
            let _ = writeln!(out, "  {}", table.name);
            let more = table.new_columns.len().saturating_sub(NEW_COLUMNS_SHOWN);
            let shown = table.new_columns.iter().take(NEW_COLUMNS_SHOWN);
            let words = shown.map(|column| format!("{} {}", column.name, column.kind));
            wrap(out, 4, words.chain((more > 0).then(|| format!("and {more} more"))));
        }
        out.push('\n');
    }

    fn write_conflicts(&self, out: &mut String) {
        if self.conflicts.is_empty() {
            return;
        }
        out.push_str("conflicts: one path, several kinds, a column for each\n");
        for conflict in self.conflicts.iter().take(CONFLICTS_SHOWN) {
            let ConflictSummary { table, path, kinds, columns } = conflict;
            let _ = writeln!(out, "  {table} {path}");
            let pairs = columns.iter().zip(kinds);
            wrap(out, 4, pairs.map(|(column, kind)| format!("{kind} in {column}")));
        }
        if let Some(more) = self.conflicts.len().checked_sub(CONFLICTS_SHOWN).filter(|n| *n > 0) {
            let _ = writeln!(out, "  and {more} more: sluice schema {} {}", self.out, self.table);
        }
        out.push('\n');
    }

    fn write_rejects(&self, out: &mut String) {
        if !self.rejects.is_empty() {
            out.push_str("rejects\n");
            let mut columns = Columns::new([Align::Left, Align::Right]);
            for (code, number) in &self.rejects {
                columns.row([code.clone(), count(*number)]);
            }
            columns.write(out, 2);
            let files = format!("{}/sluice_rejects/**/*.parquet", self.out);
            let _ = writeln!(out, "  they are rows of sluice_rejects, with reason and content:");
            let _ = writeln!(out, "    duckdb -c \"SELECT code, message, content FROM '{files}'\"");
            out.push('\n');
        }
    }

    fn write_totals(&self, out: &mut String) {
        let records = counted(self.records, "record");
        let documents = counted(self.documents, "document");
        let batches = counted(self.batches.len() as u64, "batch");
        let parts = counted(self.parts, "part");
        let _ = writeln!(out, "{records} in {documents}; {batches}, {parts} in {}", self.out);
        let there = &self.already_there;
        if there.documents > 0 {
            let documents = counted(there.documents, "document");
            let rejects: u64 = there.rejects.values().sum();
            let rejects = match rejects {
                0 => String::new(),
                rejects => format!(" (with {} in {})", counted(rejects, "reject"), counted(there.batches, "batch")),
            };
            let _ = writeln!(out, "{documents} already there{rejects}");
        }
        let finished = self.batches.iter().filter(|batch| batch.state == FINISHED).count() as u64;
        if finished > 0 {
            let batches = counted(finished, "batch");
            let _ = writeln!(out, "{batches} of an interrupted run finished");
        }
        for unfinished in &self.unfinished {
            let inputs = unfinished.inputs.join(", ");
            let _ = writeln!(out, "still unfinished: batch {}, run again with {inputs}", unfinished.batch);
        }
        let (input, output) = (bytes(self.input_bytes), bytes(self.output_bytes));
        let (seconds, speed) = (self.seconds, self.mb_per_second);
        let _ = writeln!(out, "{input} in, {output} out, {seconds:.2} s, {speed:.1} MB/s");
    }
}

const WRITTEN: &str = "written";
const FINISHED: &str = "finished";

fn tables(normalized: &Normalized) -> Vec<TableSummary> {
    let mut tables = Vec::new();
    for schema in &normalized.registry.tables {
        let reports = normalized.batches.iter().flat_map(|batch| &batch.report.tables);
        let reports = || reports.clone().filter(|report| report.name == schema.name);
        let summary = TableSummary {
            name: schema.name.clone(),
            rows: reports().map(|report| report.rows).sum(),
            columns: schema.columns.len() as u64,
            new_columns: reports()
                .flat_map(|report| &report.new_columns)
                .map(|column| NewColumnSummary {
                    name: column.name.clone(),
                    path: column.path.clone(),
                    kind: column.kind,
                })
                .collect(),
        };
        if summary.rows > 0 || !summary.new_columns.is_empty() {
            tables.push(summary);
        }
    }
    tables
}

/// The conflicts that this run met first, with all kinds that the path has by now.
fn conflicts(normalized: &Normalized) -> Vec<ConflictSummary> {
    let reports = normalized.batches.iter().flat_map(|batch| &batch.report.conflicts);
    let mut paths: Vec<(&str, &str)> =
        reports.map(|conflict| (conflict.table.as_str(), conflict.path.as_str())).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut conflicts = Vec::new();
    for (table, path) in paths {
        let schema = normalized.registry.tables.iter().find(|schema| schema.name == table);
        let columns: Vec<_> = schema.into_iter().flat_map(|schema| schema.at_path(path)).collect();
        conflicts.push(ConflictSummary {
            table: table.to_owned(),
            path: path.to_owned(),
            kinds: columns.iter().map(|column| column.kind).collect(),
            columns: columns.iter().map(|column| column.name.clone()).collect(),
        });
    }
    conflicts
}

fn rejects(batches: &[BatchOutcome]) -> BTreeMap<String, u64> {
    let mut rejects = BTreeMap::new();
    for (code, number) in batches.iter().flat_map(|batch| &batch.report.rejects) {
        *rejects.entry(code.clone()).or_default() += number;
    }
    rejects
}

fn batch_summary(outcome: &BatchOutcome) -> BatchSummary {
    let parts = outcome.parts.iter().map(|part| PartSummary {
        table: part.table.clone(),
        key: part.key.clone(),
        rows: part.rows,
        bytes: part.bytes,
        sha256: part.sha256.to_string(),
    });
    BatchSummary {
        batch: outcome.batch.clone(),
        state: match outcome.state {
            BatchState::Written => WRITTEN,
            BatchState::Finished => FINISHED,
        },
        documents: outcome.documents,
        records: outcome.report.records,
        input_bytes: outcome.input_bytes,
        base_version: outcome.base_version,
        version: outcome.version,
        parts: parts.collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn mb_per_second(bytes: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { bytes as f64 / 1e6 / seconds } else { 0.0 }
}

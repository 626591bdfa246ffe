//! What a run of `sluice normalize` did, as text and as JSON.

use crate::normalize::NormalizeArgs;
use crate::text::{Align, Columns, bytes, count, counted, plain, wrap};
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use sluice_normalizer::{ColumnSchema, Kind, TableSchema};
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
    parts: u64,
    output_bytes: u64,
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
        let totals = &normalized.totals;
        let sum = |of: fn(&BatchOutcome) -> u64| normalized.batches.iter().map(of).sum();
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
            documents: totals.documents,
            records: totals.records,
            rejected_documents: totals.rejected_documents,
            tables: tables(normalized),
            conflicts: conflicts(normalized),
            rejects: totals.rejects.clone(),
            already_there: AlreadyThereSummary {
                documents: there.documents,
                input_bytes: there.bytes,
                batches: there.batches,
                rejects: there.rejects.clone(),
            },
            parts: sum(|batch| batch.parts),
            input_bytes: normalized.input_bytes,
            read_bytes: normalized.read_bytes,
            output_bytes: sum(|batch| batch.output_bytes),
            seconds,
            mb_per_second: mb_per_second(normalized.input_bytes, seconds),
            batches: normalized.batches.iter().map(batch_summary).collect(),
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
            let _ = writeln!(out, "  {table} {}", plain(path));
            let pairs = columns.iter().zip(kinds);
            wrap(out, 4, pairs.map(|(column, kind)| format!("{kind} in {column}")));
        }
        if let Some(more) = self.conflicts.len().checked_sub(CONFLICTS_SHOWN).filter(|n| *n > 0) {
            let _ = writeln!(
                out,
                "  and {more} more: sluice schema {} {}",
                plain(&self.out),
                self.table
            );
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
            let files = format!("{}/sluice_rejects/**/*.parquet", plain(&self.out));
            let _ = writeln!(out, "  they are rows of sluice_rejects, with reason and content:");
            let _ = writeln!(out, "    duckdb -c \"SELECT code, message, content FROM '{files}'\"");
            out.push('\n');
        }
    }

    fn write_totals(&self, out: &mut String) {
        let there = &self.already_there;
        if self.documents > 0 || there.documents == 0 {
            let records = counted(self.records, "record");
            let documents = counted(self.documents, "document");
            let batches = counted(self.batches.len() as u64, "batch");
            let parts = counted(self.parts, "part");
            let out_folder = plain(&self.out);
            let _ = writeln!(out, "{records} in {documents}; {batches}, {parts} in {out_folder}");
        } else {
            out.push_str("nothing new\n");
        }
        let finished = self.batches.iter().filter(|batch| batch.state == FINISHED).count() as u64;
        if finished > 0 {
            let batches = counted(finished, "batch");
            let _ = writeln!(out, "{batches} of an interrupted run finished");
        }
        if there.documents > 0 {
            let documents = counted(there.documents, "document");
            // None of an earlier run: an input was given twice.
            let batches = match there.batches {
                0 => String::new(),
                batches => format!(", in {}", counted(batches, "batch")),
            };
            let rejects = match there.rejects.values().sum() {
                0 => String::new(),
                rejects => format!(" with {}", counted(rejects, "reject")),
            };
            let _ = writeln!(out, "{documents} already there{batches}{rejects}");
        }
        for UnfinishedSummary { batch, inputs } in &self.unfinished {
            let _ = writeln!(out, "batch {batch} is unfinished; its inputs, to give again:");
            wrap(out, 2, inputs.iter().cloned());
        }
        let (input, output) = (bytes(self.input_bytes), bytes(self.output_bytes));
        let (seconds, speed) = (self.seconds, self.mb_per_second);
        let _ = writeln!(out, "{input} in, {output} out, {seconds:.2} s, {speed:.1} MB/s");
    }
}

const WRITTEN: &str = "written";
const FINISHED: &str = "finished";

/// The tables that got rows or columns.
fn tables(normalized: &Normalized) -> Vec<TableSummary> {
    let is_new = |column: &&ColumnSchema| column.since > normalized.version_before;
    let summary = |schema: &TableSchema| TableSummary {
        name: schema.name.clone(),
        rows: normalized.totals.rows.get(&schema.name).copied().unwrap_or(0),
        columns: schema.columns.len() as u64,
        new_columns: schema.columns.iter().filter(is_new).map(new_column).collect(),
    };
    let tables = normalized.registry.tables.iter().map(summary);
    tables.filter(|table| table.rows > 0 || !table.new_columns.is_empty()).collect()
}

fn new_column(column: &ColumnSchema) -> NewColumnSummary {
    NewColumnSummary { name: column.name.clone(), path: column.path.clone(), kind: column.kind }
}

/// The conflicts that this run met first, with all kinds that the path has by now.
fn conflicts(normalized: &Normalized) -> Vec<ConflictSummary> {
    let conflict = |(table, path): &(String, String)| {
        let schema = normalized.registry.tables.iter().find(|schema| schema.name == *table);
        let columns = || schema.into_iter().flat_map(|schema| schema.at_path(path));
        ConflictSummary {
            table: table.clone(),
            path: path.clone(),
            kinds: columns().map(|column| column.kind).collect(),
            columns: columns().map(|column| column.name.clone()).collect(),
        }
    };
    normalized.totals.conflicts.iter().map(conflict).collect()
}

fn batch_summary(outcome: &BatchOutcome) -> BatchSummary {
    BatchSummary {
        batch: outcome.batch.clone(),
        state: match outcome.state {
            BatchState::Written => WRITTEN,
            BatchState::Finished => FINISHED,
        },
        documents: outcome.documents,
        records: outcome.records,
        input_bytes: outcome.input_bytes,
        base_version: outcome.base_version,
        version: outcome.version,
        parts: outcome.parts,
        output_bytes: outcome.output_bytes,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn mb_per_second(bytes: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { bytes as f64 / 1e6 / seconds } else { 0.0 }
}

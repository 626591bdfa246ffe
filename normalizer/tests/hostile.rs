//! Hostile input: each case ends as rows or rejects, its neighbours in the batch are unhurt, and
//! memory stays within a factor of the input (I-7).
//!
//! `cargo test -p sluice-normalizer --test hostile -- [words of a case]`. Cases run one after the
//! other, so that the memory is theirs; the time each took is printed, not judged.
#![allow(missing_docs, clippy::print_stdout)]

mod attack;
mod generate;
mod reader;

use attack::Attack;
use peak_alloc::PeakAlloc;
use reader::check::{Rules, check};
use reader::post::{PartFile, Posted, Written, post, settings};
use sluice_normalizer::Form;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What a batch may take however small it is: the trie of paths at its largest, buffers.
const FIXED_BYTES: u64 = 96_000_000;

const SOUND: &str = "{\"sound\":\"neighbour\",\"list\":[1,2],\"child\":[{\"n\":1.5}]}";

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let mut failed = Vec::new();
    for attack in attack::all() {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| attack.name.contains(wanted.as_str()))
        {
            continue;
        }
        let name = attack.name;
        if catch_unwind(AssertUnwindSafe(|| run(attack))).is_err() {
            println!("{name}: FAILED");
            failed.push(name);
        }
    }
    println!("hostile: {} failed {}", failed.len(), failed.join(", "));
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(mut attack: Attack) {
    for (batch, i) in attack.batches.iter_mut().zip(0..) {
        batch.insert(0, Posted::new(format!("before{i}"), Form::Json, SOUND));
        batch.push(Posted::new(format!("after{i}"), Form::Json, SOUND));
    }
    let settings = settings(attack.yaml);
    let input: u64 = attack.batches.iter().flatten().map(|posted| posted.body.len() as u64).sum();
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let started = Instant::now();
    let written = post(&settings, &attack.batches);
    let seconds = started.elapsed().as_secs_f64();
    let peak = ALLOCATOR.peak_usage().saturating_sub(before) as u64;
    let (rows, rejects) = totals(&written);
    println!(
        "{}: {:.1} MB in, {rows} rows, {:?}, {seconds:.2} s, peak {:.0} MB",
        attack.name,
        input as f64 / 1e6,
        rejects,
        peak as f64 / 1e6,
    );
    let bound = FIXED_BYTES + attack.factor * input;
    assert!(peak <= bound, "I-7: {} took {peak} bytes, at most {bound}", attack.name);
    let expected: BTreeMap<String, u64> =
        attack.rejects.iter().map(|&(code, count)| (code.to_owned(), count)).collect();
    assert_eq!(rejects, expected, "{}", attack.name);
    neighbours(&written, attack.batches.len());
    if attack.read_back {
        check(&written, &attack.batches, &Rules::default());
    }
}

/// Rows of all tables, and rejects by code.
fn totals(written: &Written) -> (u64, BTreeMap<String, u64>) {
    let mut rejects = BTreeMap::new();
    let mut rows = 0;
    for report in &written.reports {
        let records: u64 = report.tables.iter().filter(|t| t.name == "t").map(|t| t.rows).sum();
        let refused: u64 = report.rejects.values().sum();
        assert_eq!(records + refused, report.records + report.rejected_documents, "I-2");
        rows += report.tables.iter().map(|table| table.rows).sum::<u64>();
        for (code, count) in &report.rejects {
            *rejects.entry(code.clone()).or_default() += count;
        }
    }
    (rows, rejects)
}

/// The sound documents of every batch are rows, whole and once.
fn neighbours(written: &Written, batches: usize) {
    let sound: BTreeSet<String> =
        (0..batches).flat_map(|i| [format!("before{i}"), format!("after{i}")]).collect();
    let posted: Vec<Vec<Posted>> =
        vec![sound.iter().map(|id| Posted::new(id.clone(), Form::Json, SOUND)).collect()];
    let mut found = Vec::new();
    for part in &written.parts {
        found.extend(ids(part).into_iter().filter(|id| sound.contains(id)));
    }
    // A root row and a child row each; with few columns the child stays in `_rest`.
    for id in &posted[0] {
        let rows = found.iter().filter(|found| **found == id.id).count();
        assert!((1..=2).contains(&rows), "{} has {rows} rows", id.id);
    }
}

/// The document ids of a part's rows.
fn ids(part: &PartFile) -> Vec<String> {
    use arrow_array::cast::AsArray;
    use parquet::arrow::ProjectionMask;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    if part.table == "sluice_rejects" {
        return Vec::new();
    }
    let bytes = bytes::Bytes::copy_from_slice(&part.bytes);
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).expect("a Parquet file");
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["_id"]);
    let reader = builder.with_projection(mask).build().expect("a readable column");
    let mut ids = Vec::new();
    for batch in reader {
        let batch = batch.expect("readable pages");
        let column = batch.column(0).as_string::<i32>();
        ids.extend(column.iter().flatten().filter(|id| !id.starts_with('h')).map(str::to_owned));
    }
    ids
}

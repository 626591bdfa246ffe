//! The corpora: every source as one table, a line of counts for each.
//!
//! `cargo test -p sluice-normalizer --test corpora -- [source...]`. A target without the usual
//! harness, so that what ran, and what did not, is always printed.
#![allow(missing_docs, clippy::print_stdout, clippy::print_stderr)]

mod corpus;
mod reader;

use corpus::{Seeded, Source};
use reader::check::{Counts, Rules, check};
use reader::model::{BROKEN, parse};
use reader::post::{Posted, post, settings};
use serde_json::Value;
use sluice_normalizer::{Form, RecordSchema};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// Orders in which the records of a source are posted.
const SEEDS: [u64; 3] = [1, 2, 3];

/// Records of one small batch at most.
const SMALL_BATCH_MAX: usize = 20;

fn main() -> ExitCode {
    let Some(root) = corpus::find() else {
        return ExitCode::SUCCESS;
    };
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let mut failed = Vec::new();
    let mut run = |name: &str, test: &dyn Fn()| {
        let chosen = wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str()));
        if chosen && catch_unwind(AssertUnwindSafe(test)).is_err() {
            println!("{name}: FAILED");
            failed.push(name.to_owned());
        }
    };
    for source in corpus::sources(&root) {
        run(&source.name, &|| one_table(&source));
    }
    run("jsontestsuite validity", &|| validity(&corpus::source(&root, "jsontestsuite")));
    run("json-schema-test-suite schemas", &|| schema_suite(&root));
    run("schemastore schemas", &|| documents_with_schemas(&corpus::source(&root, "schemastore")));
    println!("corpora: {} failed {}", failed.len(), failed.join(", "));
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// I-2 to I-5 for a source: files as documents in one batch, then records as documents in many
/// small batches, in several orders.
fn one_table(source: &Source) {
    let started = Instant::now();
    let files: Vec<Posted> = source
        .files
        .iter()
        .zip(0..)
        .map(|(file, i): (_, u32)| {
            Posted::new(format!("f{i}"), form(&file.format), &file.bytes[..])
        })
        .collect();
    let whole = run(&[files]);
    let records: Vec<Vec<u8>> = source.files.iter().flat_map(records).collect();
    let mut orders = Vec::new();
    for seed in SEEDS {
        orders.push(run(&small_batches(&records, seed)));
    }
    print_counts(&source.name, &whole, &orders, started);
}

fn run(batches: &[Vec<Posted>]) -> Counts {
    check(&post(&settings(""), batches), batches, &Rules::default())
}

fn form(format: &str) -> Form {
    if format.starts_with("ndjson") { Form::Ndjson } else { Form::Json }
}

/// A file's records, each a JSON text of its own; a text that is broken counts as one.
fn records(file: &corpus::File) -> Vec<Vec<u8>> {
    if form(&file.format) == Form::Ndjson {
        return file.bytes.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    }
    match parse(&file.bytes) {
        Ok(Value::Array(elements)) => {
            elements.iter().map(|element| element.to_string().into_bytes()).collect()
        }
        _ => vec![file.bytes.clone()],
    }
}

fn small_batches(records: &[Vec<u8>], seed: u64) -> Vec<Vec<Posted>> {
    let mut seeded = Seeded::new(seed);
    let mut posted: Vec<Posted> = records
        .iter()
        .zip(0..)
        .map(|(record, i): (_, u32)| Posted::new(format!("r{i}"), Form::Json, &record[..]))
        .collect();
    seeded.shuffle(&mut posted);
    let mut batches = Vec::new();
    while !posted.is_empty() {
        let size = 1 + seeded.below(SMALL_BATCH_MAX);
        batches.push(posted.split_off(posted.len().saturating_sub(size)));
    }
    batches
}

fn print_counts(name: &str, whole: &Counts, orders: &[Counts], started: Instant) {
    let rejects: Vec<String> =
        whole.rejects.iter().map(|(code, count)| format!("{code} {count}")).collect();
    let sum = |of: fn(&Counts) -> u64| of(whole) + orders.iter().map(of).sum::<u64>();
    println!(
        "{name}: {} documents, {} records, {} rows, rejects [{}], {} tables, {} columns \
         (in small batches {:?}); compared {} scalars in {} parts of {} batches' orders, {:.1} s",
        whole.documents,
        whole.records,
        whole.rows,
        rejects.join(", "),
        whole.tables,
        whole.columns,
        orders.iter().map(|counts| counts.columns).collect::<Vec<_>>(),
        sum(|c| c.scalars),
        sum(|c| c.parts),
        1 + orders.len(),
        started.elapsed().as_secs_f64(),
    );
}

/// What the files of a conformance suite are named after: y_ is accepted, n_ refused.
fn validity(suite: &Source) {
    let (mut accepted, mut refused, mut either) = (0, 0, 0);
    for file in &suite.files {
        let posted = vec![vec![Posted::new("d", Form::Json, &file.bytes[..])]];
        let counts = run(&posted);
        let codes: Vec<&str> = counts.rejects.keys().map(String::as_str).collect();
        let broken = codes.iter().any(|code| BROKEN.contains(code));
        match file.expect.as_str() {
            "valid" => {
                let fine = codes.iter().all(|code| ["not_an_object", "no_records"].contains(code));
                assert!(fine, "{} is JSON and was rejected as {codes:?}", file.name);
                accepted += 1;
                // The same text as a value: it is a row then.
                let wrapped = [b"{\"v\":", &file.bytes[..], b"}"].concat();
                let counts = run(&[vec![Posted::new("d", Form::Json, wrapped)]]);
                assert_eq!((counts.rows >= 1, counts.rejects.len()), (true, 0), "{}", file.name);
            }
            "invalid" => {
                assert!(broken, "{} is no JSON and ended as {counts:?}", file.name);
                refused += 1;
            }
            _ => either += 1,
        }
    }
    println!("jsontestsuite validity: {accepted} accepted, {refused} refused, {either} either way");
}

/// The JSON Schema suite through `RecordSchema`; schemas that need other documents do not compile.
fn schema_suite(root: &Path) {
    for (draft, uri) in [
        ("draft7", "http://json-schema.org/draft-07/schema#"),
        ("draft2020-12", "https://json-schema.org/draft/2020-12/schema"),
    ] {
        let suite = corpus::source(root, "json-schema-test-suite");
        let folder = format!("tests/{draft}/");
        let mut counts = SuiteCounts::default();
        for file in suite.files.iter().filter(|file| file.name.starts_with(&folder)) {
            let groups = parse(&file.bytes).expect("a suite's file is JSON");
            for group in groups.as_array().expect("a list of groups") {
                schema_group(&file.name, group, uri, &mut counts);
            }
        }
        println!(
            "json-schema-test-suite {draft}: {} checks in {} schemas; {} schemas need others \
             and do not compile",
            counts.checks, counts.schemas, counts.remote,
        );
        assert!(counts.wrong.is_empty(), "{}", counts.wrong.join("\n"));
        assert!(counts.checks > 900, "{draft} has more checks than {}", counts.checks);
        assert!(counts.remote < 40, "most schemas compile");
    }
}

#[derive(Default)]
struct SuiteCounts {
    schemas: u64,
    checks: u64,
    /// Schemas that refer to other documents.
    remote: u64,
    wrong: Vec<String>,
}

fn schema_group(file: &str, group: &Value, uri: &str, counts: &mut SuiteCounts) {
    let mut schema = group["schema"].clone();
    if let Some(members) = schema.as_object_mut() {
        members.entry("$schema").or_insert_with(|| Value::from(uri));
    }
    let about = group["description"].as_str().unwrap_or_default();
    let compiled = match RecordSchema::compile(&schema) {
        Ok(compiled) => compiled,
        Err(_) if schema.to_string().contains("localhost:1234") => {
            counts.remote += 1;
            return;
        }
        Err(error) => {
            return counts.wrong.push(format!("{file}: {about}: does not compile: {error}"));
        }
    };
    counts.schemas += 1;
    for case in group["tests"].as_array().expect("a group has tests") {
        counts.checks += 1;
        let valid = case["valid"].as_bool().expect("a test has a verdict");
        if compiled.check(&case["data"]).is_ok() != valid {
            let test = case["description"].as_str().unwrap_or_default();
            counts.wrong.push(format!("{file}: {about}: {test}: should be {valid}"));
        }
    }
}

/// Real documents with their schemas, through `settings.schema`.
fn documents_with_schemas(source: &Source) {
    let (mut passed, mut rejected, mut other_drafts) = (0, 0, Vec::new());
    for schema in source.files.iter().filter(|file| file.is_schema) {
        let value = parse(&schema.bytes).expect("a schema is JSON");
        if value["$schema"].as_str().is_some_and(|uri| uri.contains("draft-04")) {
            other_drafts.push(schema.name.as_str());
            continue;
        }
        let settings = settings(&format!("tables: {{t: {{schema: {value}}}}}"));
        for file in &source.files {
            let Some((_, passes)) = file.schema.as_ref().filter(|(name, _)| *name == schema.name)
            else {
                continue;
            };
            let batches = [vec![Posted::new("d", Form::Json, &file.bytes[..])]];
            let rules = Rules { may_reject: vec!["schema_mismatch"], ..Rules::default() };
            let counts = check(&post(&settings, &batches), &batches, &rules);
            let records = counts.records;
            let mismatches = counts.rejects.get("schema_mismatch").copied().unwrap_or(0);
            // A list is judged element by element, its schema is one of the whole list.
            if parse(&file.bytes).is_ok_and(|value| value.is_object()) {
                assert_eq!(mismatches == 0, *passes, "{}: {counts:?}", file.name);
            }
            if mismatches == 0 { passed += records } else { rejected += records }
        }
    }
    println!(
        "{} schemas: {passed} records match, {rejected} do not; not run, draft 4: {}",
        source.name,
        other_drafts.join(", ")
    );
}

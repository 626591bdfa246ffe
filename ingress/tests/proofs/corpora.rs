//! Real documents through the front door: every source of the corpora as a table of its own, every
//! file a PUT. What must become of each is known from its bytes alone.
//!
//! Counts and states are compared for all records, values for a sample of [`SAMPLED_DOCUMENTS`]
//! documents of each source, by the physical tables and by the views.

use crate::api::{Api, Told, document_path, text};
use crate::readback::{self, Lake};
use crate::reader::corpus::{self, File, Source};
use crate::reader::model::{BROKEN, Expected, Fate, Ignored, expect};
use crate::reader::scalar::differences;
use crate::server::{Home, Server};
use crate::wire::{Connection, Request};
use serde_json::Value;
use sluice_normalizer::Form;
use std::collections::HashMap;
use std::process::Command;
use std::time::Instant;

/// Documents of a source whose values are compared, spread over its files.
const SAMPLED_DOCUMENTS: usize = 20;

/// Records of each of these, from its first on.
const SAMPLED_RECORDS: usize = 20;

/// A file as it was put.
struct Put<'a> {
    file: &'a File,
    id: String,
    /// What its records become; none when the door refused it.
    fates: Option<Vec<Fate>>,
}

/// What was compared of one source.
#[derive(Default)]
struct Counts {
    documents: usize,
    refused: usize,
    rows: u64,
    child_rows: u64,
    rejects: u64,
    tables: usize,
    columns: usize,
    compared_records: usize,
    compared_scalars: usize,
}

impl Counts {
    fn line(&self) -> String {
        format!(
            "{} documents ({} refused), {} rows, {} child rows, {} rejects, {} tables, {} columns; \
             {} records and {} scalars compared",
            self.documents,
            self.refused,
            self.rows,
            self.child_rows,
            self.rejects,
            self.tables,
            self.columns,
            self.compared_records,
            self.compared_scalars
        )
    }
}

#[test]
fn real_documents_come_back_as_they_were() {
    let Some(root) = corpus::find() else { return };
    let home = Home::new();
    let server = home.start();
    let api = server.api;
    let began = Instant::now();
    let sources = corpus::sources(&root);
    let mut posted = Vec::new();
    for source in &sources {
        posted.push(put_all(api, source));
    }
    api.wait_until_idle();
    println!("{} sources are rows after {:.1} s", sources.len(), began.elapsed().as_secs_f64());
    let mut figures = Vec::new();
    for (source, puts) in sources.iter().zip(&posted) {
        let began = Instant::now();
        let counts = check(api, source, puts);
        let seconds = began.elapsed().as_secs_f64();
        println!("{}: {}, {seconds:.1} s", source.name, counts.line());
        figures.push(figures_of(api, &table_of(source)));
    }
    let written = || (api.metric("sluice_documents_total"), api.metric("sluice_parts_total"));
    let written_before = written();
    for ((source, puts), before) in sources.iter().zip(&posted).zip(&figures) {
        let again = put_all(api, source);
        let ids = |puts: &[Put<'_>]| puts.iter().map(|put| put.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&again), ids(puts));
        let table = table_of(source);
        assert_eq!(figures_of(api, &table), *before, "{table}: the same PUTs again add nothing");
    }
    assert_eq!(written(), written_before, "the same PUTs again write nothing");
    home.check_log();
    println!("{} sources, {:.1} s", sources.len(), began.elapsed().as_secs_f64());
}

/// The same with the command that people use, for sources whose files it takes as they are.
#[test]
fn sluice_put_sends_real_files_once() {
    let Some(root) = corpus::find() else { return };
    let home = Home::new();
    let server = home.start();
    for name in ["github-webhooks", "zeek-otrf", "shopify"] {
        let source = corpus::source(&root, name);
        let table = table_of(&source);
        let files: Vec<String> =
            source.files.iter().map(|file| format!("{name}/{}", file.name)).collect();
        let mut expected = (0, 0);
        for fates in source.files.iter().filter_map(fates) {
            let rows = fates.iter().filter(|fate| !matches!(fate, Fate::Reject(..))).count();
            expected = (expected.0 + rows, expected.1 + fates.len() - rows);
        }
        let mut documents = Vec::new();
        for run in ["first", "second"] {
            let summary = sluice_put(&server, &root, &table, &files);
            let outcomes = &summary["outcomes"];
            let got = (outcomes["rows"].as_u64(), outcomes["rejects"].as_u64());
            let wanted = (Some(expected.0 as u64), Some(expected.1 as u64));
            assert_eq!(got, wanted, "{name}, {run} run: {summary}");
            let rows = server.api.sql(&format!("SELECT count(*) AS n FROM {table}"));
            assert_eq!(rows[0]["n"].as_u64(), wanted.0, "{name}, {run} run");
            documents.push(server.api.metric("sluice_documents_total"));
        }
        assert_eq!(documents[0], documents[1], "{name}: the same files again are no documents");
    }
    home.check_log();
}

fn sluice_put(server: &Server, root: &std::path::Path, table: &str, files: &[String]) -> Value {
    let ran = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["put", table, "--wait", "--format", "json", "--endpoint", &server.api.endpoint()])
        .args(files)
        .current_dir(root)
        .env_remove("SLUICE_TOKEN_FILE")
        .output()
        .expect("run sluice put");
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{}: {stderr}", ran.status);
    serde_json::from_slice(&ran.stdout).expect("the summary is JSON")
}

fn table_of(source: &Source) -> String {
    source.name.replace('-', "_")
}

fn form(file: &File) -> Form {
    if file.format.starts_with("ndjson") { Form::Ndjson } else { Form::Json }
}

/// What the records of a file become, if the door takes it.
fn fates(file: &File) -> Option<Vec<Fate>> {
    match expect(form(file), &file.bytes, &Ignored::default()) {
        Expected::Whole(_) => None,
        // A JSON text that is neither object nor array.
        Expected::Records(fates) if is_one_scalar(file, &fates) => None,
        Expected::Records(fates) => Some(fates),
    }
}

fn is_one_scalar(file: &File, fates: &[Fate]) -> bool {
    let text = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_scalar = !matches!(first, Some(b'{' | b'['));
    form(file) == Form::Json && is_scalar && matches!(fates, [Fate::Reject(..)])
}

fn put_all<'a>(api: Api, source: &'a Source) -> Vec<Put<'a>> {
    let mut connection = api.connect().expect("connect");
    let table = table_of(source);
    let files = source.files.iter().zip(1_u128..);
    files.map(|(file, number)| put(&mut connection, &table, file, number)).collect()
}

fn put<'a>(connection: &mut Connection, table: &str, file: &'a File, number: u128) -> Put<'a> {
    let seed = table.bytes().fold(17_u128, |sum, byte| sum.wrapping_mul(257) + u128::from(byte));
    let bits = (seed << 32) ^ number;
    let id = uuid::Builder::from_custom_bytes(bits.to_be_bytes()).into_uuid().to_string();
    let content_type = match form(file) {
        Form::Ndjson => "application/x-ndjson",
        _ => "application/json",
    };
    let path = document_path(table, &id);
    let headers = [("content-type", content_type)];
    let request = Request { method: "PUT", path: &path, headers: &headers, body: &file.bytes };
    let answer = connection.send(&request).unwrap_or_else(|e| panic!("{}: {e}", file.name));
    let value: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
    let fates = fates(file);
    match (&fates, answer.status) {
        (Some(_), 200) => {}
        (None, 400) => {
            let code = value["error"]["code"].as_str().unwrap_or_default();
            let known = ["not_an_object", "no_records", "bad_document"];
            assert!(known.contains(&code) || BROKEN.contains(&code), "{}: {value}", file.name);
        }
        (fates, status) => panic!("{}: {status} {value}, expected {fates:?}", file.name),
    }
    Put { file, id, fates }
}

fn check(api: Api, source: &Source, puts: &[Put<'_>]) -> Counts {
    let table = table_of(source);
    let mut counts = Counts { documents: puts.len(), ..Counts::default() };
    let mut connection = api.connect().expect("connect");
    let rejects = readback::rejects(api, &table);
    let (mut rows, mut rejected) = (0, 0);
    for put in puts {
        let Some(fates) = &put.fates else {
            counts.refused += 1;
            continue;
        };
        let at = |row: usize| (put.id.clone(), i64::try_from(row).expect("a position"));
        let is_reject = |row: &usize| rejects.contains_key(&at(*row));
        let gone = (0..fates.len()).filter(is_reject).count();
        for (fate, row) in fates.iter().zip(0..) {
            let file = &put.file.name;
            match (fate, rejects.get(&at(row))) {
                (Fate::Reject(codes, _), Some(reject)) => {
                    assert!(codes.contains(&reject.code.as_str()), "{file}[{row}]: {reject:?}");
                }
                (Fate::RowUnlessTooDeep(_), Some(reject)) => {
                    assert_eq!(reject.code, "nesting_too_deep", "{file}[{row}]");
                }
                (Fate::Row(_) | Fate::RowUnlessTooDeep(_), None) => {}
                (fate, reject) => panic!("I-2: {file}[{row}] is {reject:?}, expected {fate:?}"),
            }
        }
        check_state(&mut connection, &table, put, fates.len() - gone, gone);
        rows += (fates.len() - gone) as u64;
        rejected += gone as u64;
    }
    if rows + rejected == 0 {
        return counts;
    }
    let detail = api.data(&format!("/table/{table}"));
    assert_eq!(detail["summary"]["rows"].as_u64(), Some(rows), "I-2: rows of {table}");
    assert_eq!(detail["summary"]["rejects"].as_u64(), Some(rejected), "I-2: rejects of {table}");
    assert_eq!(rejects.len() as u64, rejected, "I-2: rejects of {table}");
    check_views(api, &detail, &mut counts);
    (counts.rows, counts.rejects) = (rows, rejected);
    let sample = sample(puts);
    if sample.is_empty() {
        return counts;
    }
    for schema in ["lake_files", "lake"] {
        let ids: Vec<String> = sample.iter().map(|put| format!("'{}'", put.id)).collect();
        let filter = format!("WHERE _id IN ({}) AND _row < {SAMPLED_RECORDS}", ids.join(","));
        let lake = readback::read(api, &detail, schema, &filter);
        check_values(&sample, &lake, schema, &mut counts);
    }
    counts
}

fn check_state(c: &mut Connection, table: &str, put: &Put<'_>, rows: usize, rejects: usize) {
    let path = document_path(table, &put.id);
    let request = Request { method: "GET", path: &path, headers: &[], body: b"" };
    let told = Told::of(&c.send(&request).expect("ask for a document"));
    let state = match (rows, rejects) {
        (_, 0) => "normalized",
        (0, _) => "rejected",
        _ => "partly_rejected",
    };
    let state = state.to_owned();
    let expected = Told { state, rows: Some(rows as u64), rejects: Some(rejects as u64) };
    assert_eq!(told, expected, "{}", put.file.name);
}

/// Every view can be read whole, and has as many rows as are told.
fn check_views(api: Api, detail: &Value, counts: &mut Counts) {
    for told in detail["tables"].as_array().expect("tables") {
        let name = told["name"].as_str().expect("a name");
        let rows = told["rows"].as_u64().expect("a count");
        let answer = api.ask_sql(&format!("SELECT * FROM \"{name}\""));
        assert_eq!(answer.status, 200, "{name}: {}", text(&answer));
        let lines = answer.body.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines as u64, rows, "rows of the view {name}");
        counts.tables += 1;
        counts.columns += told["columns"].as_array().map_or(0, Vec::len);
        if !told["parent"].is_null() {
            counts.child_rows += rows;
        }
    }
}

/// Documents that have a row, spread over the source.
fn sample<'p, 'a>(puts: &'p [Put<'a>]) -> Vec<&'p Put<'a>> {
    let has_row = |put: &&Put<'_>| {
        let mut fates = put.fates.iter().flatten().take(SAMPLED_RECORDS);
        fates.any(|fate| !matches!(fate, Fate::Reject(..)))
    };
    let accepted: Vec<&Put<'_>> = puts.iter().filter(has_row).collect();
    let step = accepted.len().div_ceil(SAMPLED_DOCUMENTS).max(1);
    accepted.into_iter().step_by(step).collect()
}

/// I-4.
fn check_values(sample: &[&Put<'_>], lake: &Lake, schema: &str, counts: &mut Counts) {
    let mut expected = HashMap::new();
    for put in sample {
        for (fate, row) in put.fates.iter().flatten().zip(0..).take(SAMPLED_RECORDS) {
            if let Fate::Row(scalars) | Fate::RowUnlessTooDeep(scalars) = fate {
                expected.insert((put.id.clone(), row), (put.file, scalars));
            }
        }
    }
    for (key, found) in &lake.records {
        let (file, scalars) = expected.get(key).unwrap_or_else(|| panic!("{key:?} is no row"));
        let lines = differences(scalars, found);
        let shown = lines.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        assert!(lines.is_empty(), "I-4: {schema}: {}[{}]\n{shown}", file.name, key.1);
        counts.compared_records += 1;
        counts.compared_scalars += scalars.len();
    }
    assert!(lake.records.len() <= expected.len(), "I-2: {schema} has more rows than records");
    let fates = sample.iter().flat_map(|put| put.fates.iter().flatten());
    let may_miss = fates.filter(|fate| matches!(fate, Fate::RowUnlessTooDeep(_))).count();
    assert!(lake.records.len() + may_miss >= expected.len(), "I-1: {schema} lacks records");
}

/// What must not change when the same is put again.
fn figures_of(api: Api, table: &str) -> Option<Value> {
    let answer = api.get(&format!("/table/{table}"));
    if answer.status == 404 {
        return None;
    }
    let detail = api.data(&format!("/table/{table}"));
    let mut summary = detail["summary"].clone();
    // Parts of the day are merged in the background.
    let summary_of = summary.as_object_mut().expect("a summary");
    summary_of.remove("parts");
    summary_of.remove("bytes");
    Some(summary)
}

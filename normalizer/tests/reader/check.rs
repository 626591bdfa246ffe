//! The invariants over everything that batches left: I-2, I-3, I-4, I-5.

use super::lake::{self, Lake, Reject};
use super::model::{self, Expected, Fate, Ignored};
use super::post::{Posted, RECEIVED_AT_MS, Written};
use super::registry;
use super::scalar::{Scalars, differences};
use serde_json::Value;
use sluice_normalizer::{Encoding, Form};
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

/// What the settings change about what must come out.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    pub ignored: Ignored,
    /// Codes that may reject a record which would be a row without settings.
    pub may_reject: Vec<&'static str>,
}

/// What was compared.
#[derive(Debug, Default, Clone)]
pub struct Counts {
    pub documents: u64,
    pub records: u64,
    /// Rows of all tables.
    pub rows: u64,
    pub scalars: u64,
    pub parts: u64,
    pub tables: u64,
    pub columns: u64,
    pub rejects: BTreeMap<String, u64>,
    /// Root rows with a `_rest`, or below, are not told apart: bytes of all parts instead.
    pub part_bytes: u64,
}

/// Reads everything back and compares it with its source.
pub fn check(written: &Written, batches: &[Vec<Posted>], rules: &Rules) -> Counts {
    check_registries(written);
    check_keys(written);
    let mut lake = lake::read(written);
    let mut counts = count(written, &lake);
    let mut rejects: HashMap<(String, Option<i64>), Reject> = HashMap::new();
    for reject in lake.rejects.drain(..) {
        assert_eq!(reject.table, "t");
        *counts.rejects.entry(reject.code.clone()).or_default() += 1;
        let key = (reject.id.clone(), reject.row);
        let before = rejects.insert(key, reject);
        assert!(before.is_none(), "I-2: rejected twice: {before:?}");
    }
    for posted in batches.iter().flatten() {
        counts.documents += 1;
        check_document(posted, rules, &mut lake, &mut rejects, &mut counts);
    }
    assert!(lake.records.is_empty(), "I-2: rows of no record: {:?}", lake.records.keys().next());
    assert!(rejects.is_empty(), "I-2: rejects of no record: {:?}", rejects.values().next());
    check_reports(written, batches, &counts);
    counts
}

fn check_registries(written: &Written) {
    let versions: Vec<Value> = written
        .registries
        .iter()
        .map(|json| serde_json::from_str(json).expect("a registry is JSON"))
        .collect();
    versions.iter().for_each(registry::check_names);
    for pair in versions.windows(2) {
        registry::check_growth(&pair[0], &pair[1]);
    }
}

fn check_keys(written: &Written) {
    let mut keys = std::collections::BTreeSet::new();
    for part in &written.parts {
        let start = format!("{}/g1/tier=live/ingest_date=2026-02-03/", part.table);
        assert!(part.key.starts_with(&start) && part.key.ends_with(".parquet"), "{}", part.key);
        assert!(keys.insert(&part.key), "two parts at {}", part.key);
        assert!(part.rows > 0, "a part without rows");
    }
}

fn count(written: &Written, lake: &Lake) -> Counts {
    let tables = registry::tables(&written.last_registry());
    Counts {
        rows: lake.rows,
        parts: written.parts.len() as u64,
        part_bytes: written.parts.iter().map(|part| part.bytes.len() as u64).sum(),
        tables: tables.len() as u64,
        columns: tables.iter().map(|table| table.column_count() as u64).sum(),
        ..Counts::default()
    }
}

/// A document's bytes, decompressed; none when it is no gzip though it says so.
fn plain(posted: &Posted) -> Option<Vec<u8>> {
    if posted.encoding == Encoding::Identity {
        return Some(posted.body.clone());
    }
    let mut plain = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(&posted.body[..]).read_to_end(&mut plain);
    read.is_ok().then_some(plain)
}

type Rejects = HashMap<(String, Option<i64>), Reject>;

fn check_document(
    posted: &Posted,
    rules: &Rules,
    lake: &mut Lake,
    rejects: &mut Rejects,
    counts: &mut Counts,
) {
    let expected = match plain(posted) {
        None => Expected::Whole(&["bad_content_encoding"]),
        Some(body) if body.len() > 10_000_000 => Expected::Whole(&["document_too_large"]),
        Some(body) => model::expect(posted.form, &body, &rules.ignored),
    };
    match expected {
        Expected::Whole(codes) => {
            let reject = rejects.remove(&(posted.id.clone(), None));
            let reject = reject.unwrap_or_else(|| panic!("I-2: {posted:?} is not rejected whole"));
            check_reject(&reject, codes, &[], None);
            if posted.encoding == Encoding::Identity && posted.form != Form::Elements {
                let text = posted.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&posted.body);
                assert_eq!(reject.content, text, "a reject keeps the bytes");
            }
        }
        Expected::Records(fates) => {
            for (fate, row) in fates.into_iter().zip(0..) {
                counts.records += 1;
                let key = (posted.id.clone(), row);
                let found = lake.records.remove(&key);
                let reject = rejects.remove(&(key.0, Some(key.1)));
                if found.is_some() {
                    let origin = lake.origins.remove(&(posted.id.clone(), row));
                    let origin = origin.unwrap_or_else(|| panic!("I-2: child rows without a root"));
                    assert_eq!(origin, (RECEIVED_AT_MS, posted.principal.clone()));
                }
                counts.scalars += check_record(posted, row, fate, found, reject, rules);
            }
        }
    }
}

/// Answers how many scalars were compared.
fn check_record(
    posted: &Posted,
    row: i64,
    fate: Fate,
    found: Option<Scalars>,
    reject: Option<Reject>,
    rules: &Rules,
) -> u64 {
    let who = || format!("{}[{row}] of {}", posted.id, String::from_utf8_lossy(&posted.body));
    match (fate, found, reject) {
        (_, Some(_), Some(reject)) => panic!("I-2: {} is a row and a {reject:?}", who()),
        (_, None, None) => panic!("I-2: {} is gone", who()),
        (Fate::Row(expected) | Fate::RowUnlessTooDeep(expected), Some(found), None) => {
            let lines = differences(&expected, &found);
            assert!(lines.is_empty(), "I-4: {}\n  {}", who(), lines.join("\n  "));
            expected.len() as u64
        }
        (Fate::Row(_), None, Some(reject)) => {
            check_reject(&reject, &[], &rules.may_reject, None);
            0
        }
        (Fate::RowUnlessTooDeep(_), None, Some(reject)) => {
            check_reject(&reject, &["nesting_too_deep"], &rules.may_reject, None);
            0
        }
        (Fate::Reject(codes, content), None, Some(reject)) => {
            check_reject(&reject, codes, &[], content.as_deref());
            0
        }
        (Fate::Reject(codes, _), Some(_), None) => {
            panic!("I-2: {} is a row and should be {codes:?}", who())
        }
    }
}

fn check_reject(reject: &Reject, codes: &[&str], more: &[&str], content: Option<&[u8]>) {
    let code = reject.code.as_str();
    assert!(codes.contains(&code) || more.contains(&code), "{codes:?} {more:?}: {reject:?}");
    assert!(!reject.message.is_empty());
    if let Some(content) = content {
        assert_eq!(reject.content, content, "a reject keeps the bytes");
    }
}

fn check_reports(written: &Written, batches: &[Vec<Posted>], counts: &Counts) {
    assert_eq!(written.reports.len(), batches.len());
    let sum =
        |of: fn(&sluice_normalizer::Report) -> u64| -> u64 { written.reports.iter().map(of).sum() };
    assert_eq!(sum(|r| r.documents), counts.documents, "documents of the reports");
    assert_eq!(sum(|r| r.records), counts.records, "records of the reports");
    assert_eq!(sum(|r| r.tables.iter().map(|t| t.rows).sum()), counts.rows, "rows of the reports");
    let rejects: u64 = counts.rejects.values().sum();
    assert_eq!(sum(|r| r.rejects.values().sum()), rejects, "rejects of the reports");
}

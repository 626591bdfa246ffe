//! I-1, I-2 and I-4 for a folder: everything that was answered 200 is there exactly once and with
//! every value, and nothing is there that was not sent.

use crate::api::{Api, Told, document_path};
use crate::disk::{self, Files};
use crate::documents::{TABLES, number_in};
use crate::ledger::{Answered, Ledger, Sent};
use crate::readback::{self, Key, Lake, Reject};
use crate::reader::model::{Expected, Fate, Ignored, expect};
use crate::reader::scalar::{Scalar, Scalars, differences};
use crate::wire::{Connection, Request};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::time::{Duration, Instant};

/// Until the files of parts that were merged away are deleted; the merger looks each 5 s.
const TIDY_PATIENCE: Duration = Duration::from_secs(30);

/// What was compared.
#[derive(Debug, Default)]
pub(crate) struct Proved {
    pub(crate) documents: u64,
    /// Of these, those that nobody got an answer for.
    pub(crate) unanswered: u64,
    /// Of these, those that were refused and are there all the same, by code.
    pub(crate) refused: BTreeMap<String, u64>,
    pub(crate) rows: u64,
    pub(crate) child_rows: u64,
    pub(crate) rejects: u64,
    pub(crate) scalars: u64,
    pub(crate) files: Files,
}

/// What a table shows of one document.
#[derive(Debug, Default)]
struct Shown {
    rows: BTreeMap<i64, Scalars>,
    rejects: BTreeMap<i64, Reject>,
}

/// Proves a folder whose server has nothing left to do.
pub(crate) fn prove(api: Api, data: &Path, ledger: &Ledger) -> Proved {
    let mut proved = Proved::default();
    let mut found = BTreeSet::new();
    for table in TABLES {
        let has_documents = ledger.accepted().any(|(of, _)| of == table);
        let answer = api.get(&format!("/table/{table}"));
        if answer.status == 404 && !has_documents {
            continue;
        }
        found.extend(prove_table(api, table, ledger, &mut proved));
    }
    for sent in ledger.all() {
        let number = sent.number;
        match &sent.answered {
            Answered::Accepted(id) => assert!(found.contains(&number), "I-1: {id} is gone"),
            Answered::Nothing => proved.unanswered += u64::from(found.contains(&number)),
            Answered::Refused(code) => {
                *proved.refused.entry(code.clone()).or_default() +=
                    u64::from(found.contains(&number));
            }
        }
    }
    proved.files = only_live_parts(api, data);
    proved
}

/// Waits until there is no file of a part that was merged away, and none that nobody lists.
fn only_live_parts(api: Api, data: &Path) -> Files {
    let deadline = Instant::now() + TIDY_PATIENCE;
    loop {
        let files = disk::check(data);
        let live = api.metric("sluice_live_parts");
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        if files.parts as f64 == live {
            return files;
        }
        assert!(Instant::now() < deadline, "{live} parts are listed and not deleted: {files:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Answers the numbers of the documents that are there.
fn prove_table(
    api: Api,
    table: &'static str,
    ledger: &Ledger,
    proved: &mut Proved,
) -> BTreeSet<u64> {
    let detail = api.data(&format!("/table/{table}"));
    let lake = readback::read(api, &detail, "lake_files", "");
    let rejects = readback::rejects(api, table);
    let summary = &detail["summary"];
    for told in detail["tables"].as_array().expect("tables") {
        let name = told["name"].as_str().expect("a name");
        let rows = lake.rows.get(name).copied();
        assert_eq!(told["rows"].as_u64(), rows, "rows of {name} that are told, and shown");
    }
    assert_eq!(summary["rows"].as_u64(), lake.rows.get(table).copied(), "rows of {table}");
    assert_eq!(summary["rejects"].as_u64(), Some(rejects.len() as u64), "rejects of {table}");
    proved.rows += lake.rows.get(table).copied().unwrap_or(0);
    proved.child_rows +=
        lake.rows.iter().filter(|(name, _)| *name != table).map(|(_, rows)| rows).sum::<u64>();
    proved.rejects += rejects.len() as u64;

    let documents = by_document(lake, rejects);
    assert_eq!(summary["documents"].as_u64(), Some(documents.len() as u64), "{table}'s documents");
    let mut found = BTreeSet::new();
    let mut connection = api.connect().expect("connect");
    for (id, shown) in &documents {
        let number = shown.number();
        let sent = ledger.get(number).unwrap_or_else(|| panic!("{id} was never sent: {shown:?}"));
        assert!(found.insert(number), "I-2: document {number} is there under two ids");
        check_identity(id, table, sent);
        proved.scalars += check_records(id, sent, shown);
        check_state(&mut connection, id, table, shown);
    }
    proved.documents += documents.len() as u64;
    found
}

fn by_document(lake: Lake, rejects: HashMap<Key, Reject>) -> BTreeMap<String, Shown> {
    let mut documents: BTreeMap<String, Shown> = BTreeMap::new();
    for ((id, row), scalars) in lake.records {
        documents.entry(id).or_default().rows.insert(row, scalars);
    }
    for ((id, row), reject) in rejects {
        documents.entry(id).or_default().rejects.insert(row, reject);
    }
    documents
}

impl Shown {
    /// The number of the document, which all records agree on.
    fn number(&self) -> u64 {
        let rows = self.rows.values().map(|scalars| match scalars.get("/m") {
            Some(Scalar::String(mark)) => number_in(mark),
            _ => None,
        });
        let rejects = self.rejects.values().map(|reject| number_in(&reject.content));
        let numbers: BTreeSet<Option<u64>> = rows.chain(rejects).collect();
        match (numbers.len(), numbers.first()) {
            (1, Some(Some(number))) => *number,
            _ => panic!("records of no document, or of several: {numbers:?} {self:?}"),
        }
    }
}

fn check_identity(id: &str, table: &str, sent: &Sent) {
    assert_eq!(table, sent.document.table, "{id} is in another table");
    if let Some(chosen) = &sent.document.id {
        assert_eq!(id, chosen, "a PUT keeps its id");
    }
    if let Answered::Accepted(answered) = &sent.answered {
        assert_eq!(id, answered, "document {} has another id", sent.number);
    }
}

/// Answers how many scalars were compared.
fn check_records(id: &str, sent: &Sent, shown: &Shown) -> u64 {
    let document = &sent.document;
    let text = || String::from_utf8_lossy(&document.body);
    let Expected::Records(fates) = expect(document.form, &document.body, &Ignored::default())
    else {
        panic!("the door took a document that is one reject: {}", text());
    };
    let records = shown.rows.len() + shown.rejects.len();
    assert_eq!(records, fates.len(), "I-2: records of {id}: {shown:?} {}", text());
    let mut scalars = 0;
    for (fate, row) in fates.iter().zip(0..) {
        match (fate, shown.rows.get(&row), shown.rejects.get(&row)) {
            (Fate::Row(expected) | Fate::RowUnlessTooDeep(expected), Some(found), None) => {
                let lines = differences(expected, found);
                assert!(lines.is_empty(), "I-4: {id}[{row}]\n{}\n{}", lines.join("\n"), text());
                scalars += expected.len() as u64;
            }
            (Fate::Reject(codes, content), None, Some(reject)) => {
                assert!(codes.contains(&reject.code.as_str()), "{id}[{row}]: {reject:?}");
                if let Some(content) = content {
                    assert_eq!(reject.content.as_bytes(), content, "a reject keeps the bytes");
                }
            }
            (fate, found, reject) => {
                panic!("I-2: {id}[{row}] should be {fate:?} and is {found:?} {reject:?}")
            }
        }
    }
    scalars
}

fn check_state(connection: &mut Connection, id: &str, table: &str, shown: &Shown) {
    let path = document_path(table, id);
    let request = Request { method: "GET", path: &path, headers: &[], body: b"" };
    let told = Told::of(&connection.send(&request).expect("ask for a document"));
    let (rows, rejects) = (shown.rows.len() as u64, shown.rejects.len() as u64);
    let state = match (rows, rejects) {
        (_, 0) => "normalized",
        (0, _) => "rejected",
        _ => "partly_rejected",
    };
    let expected = Told { state: state.to_owned(), rows: Some(rows), rejects: Some(rejects) };
    assert_eq!(told, expected, "the state of {id}");
}

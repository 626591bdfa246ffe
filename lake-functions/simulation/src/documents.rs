//! What is posted, and what must become of it.

use crate::random::Random;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use sluice_normalizer::{DocumentId, Encoding, Form, TableName};
use sluice_pipeline::{DocumentHead, HeadFault, StoredDocument};
use std::io::Write;

/// Most are of one table, so that its batches meet.
pub(crate) const TABLES: [&str; 5] = ["orders", "orders", "orders", "visits", "carts"];

/// What must become of a document.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// One reject with this code.
    Whole(&'static str),
    /// One row or reject each, in order.
    Records(Vec<Record>),
}

#[derive(Debug, Clone)]
pub(crate) enum Record {
    /// A row.
    Row(Value),
    /// A reject of this text.
    Reject(String),
}

/// The settings that come and go during a run.
pub(crate) const SETTINGS: [&str; 4] = [
    "",
    "tables: {orders: {ignore: [/noise]}}",
    "tables: {orders: {on_conflict: reject}}",
    "limits: {tables: 2}",
];

/// What [`SETTINGS`] ignore.
pub(crate) const IGNORED: &str = "noise";

/// A document of the run's number `number`.
pub(crate) fn document(
    random: &mut Random,
    number: usize,
    now_ms: i64,
) -> (StoredDocument, Expected) {
    let (form, body, expected) = match random.below(10) {
        0 => (Form::Json, r#"{"broken":"#.to_owned(), Expected::Whole("malformed_json")),
        1 => (Form::Json, "[]".to_owned(), Expected::Whole("no_records")),
        2 | 3 => {
            let (texts, records) = some_records(random);
            (Form::Json, format!("[{}]", texts.join(",")), Expected::Records(records))
        }
        4 | 5 => {
            let (texts, records) = some_records(random);
            (Form::Ndjson, texts.join("\n"), Expected::Records(records))
        }
        _ => {
            let text = record(random);
            let records = vec![Record::Row(parsed(&text))];
            (Form::Json, text, Expected::Records(records))
        }
    };
    let table = TableName::parse(random.pick(&TABLES)).expect("a table name");
    let head = DocumentHead {
        id: DocumentId::parse(&format!("d{number:02}")).expect("an id"),
        table,
        received_at_ms: now_ms,
        principal: random.chance(300).then(|| "somebody".to_owned()),
        form,
        encoding: Encoding::Identity,
        bytes: body.len() as u64,
        fault: None,
    };
    let mut document = StoredDocument { head, body: body.into_bytes() };
    if random.chance(100) {
        document.body = packed(&document.body);
        document.head.bytes = document.body.len() as u64;
        document.head.encoding = Encoding::Gzip;
    }
    match fault(random) {
        None => (document, expected),
        Some((fault, code)) => {
            if matches!(fault, HeadFault::TableName { .. }) {
                document.head.table = TableName::of_rejects();
            }
            document.head.fault = Some(fault);
            (document, Expected::Whole(code))
        }
    }
}

/// A document that is far larger than it looks: `megabytes` of blanks and one record.
pub(crate) fn bomb(
    random: &mut Random,
    number: usize,
    now_ms: i64,
    megabytes: usize,
) -> (StoredDocument, Expected) {
    let (mut document, _) = document(random, number, now_ms);
    let text = record(random);
    let mut body = vec![b' '; megabytes * 1_000_000];
    body.extend_from_slice(text.as_bytes());
    document.head.table = TableName::parse(TABLES[0]).expect("a table name");
    document.head.form = Form::Json;
    document.head.fault = None;
    document.head.encoding = Encoding::Gzip;
    document.body = packed(&body);
    document.head.bytes = document.body.len() as u64;
    (document, Expected::Records(vec![Record::Row(parsed(&text))]))
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("into memory");
    encoder.finish().expect("into memory")
}

/// What only a door without code lets in.
fn fault(random: &mut Random) -> Option<(HeadFault, &'static str)> {
    match random.below(40) {
        0 => {
            let posted = "my-table".to_owned();
            Some((HeadFault::TableName { posted }, "bad_table_name"))
        }
        1 => Some((HeadFault::MediaType, "unsupported_media_type")),
        2 => Some((HeadFault::ContentEncoding, "unsupported_content_encoding")),
        3 => Some((HeadFault::Stored, "bad_object")),
        _ => None,
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("the record is JSON")
}

fn some_records(random: &mut Random) -> (Vec<String>, Vec<Record>) {
    let records = (0..=random.below(4)).map(|_| {
        if random.chance(150) {
            let text = "7".to_owned();
            return (text.clone(), Record::Reject(text));
        }
        let text = record(random);
        let record = Record::Row(parsed(&text));
        (text, record)
    });
    records.unzip()
}

/// A record of few keys and many shapes, so that batches widen the registry and meet conflicts.
fn record(random: &mut Random) -> String {
    let mut members = vec![format!(r#""seq":{}"#, random.below(1_000_000))];
    if random.chance(700) {
        let price = random.pick(&["1", "2.5", r#""x""#, "true", "12345678901", "null"]);
        members.push(format!(r#""price":{price}"#));
    }
    if random.chance(300) {
        members.push(format!(r#""user":{{"login":"u{}","age":{}}}"#, random.below(9), 7));
    }
    if random.chance(300) {
        let items: Vec<String> = (0..=random.below(3))
            .map(|_| {
                let n = random.pick(&["1", r#""two""#, "3.5", "false"]);
                format!(r#"{{"n":{n},"of":"item"}}"#)
            })
            .collect();
        members.push(format!(r#""items":[{}]"#, items.join(",")));
    }
    if random.chance(200) {
        members.push(r#""tags":[1,2]"#.to_owned());
    }
    if random.chance(300) {
        members.push(format!(r#""k{}":"v""#, random.below(6)));
    }
    if random.chance(200) {
        members.push(format!(r#""{IGNORED}":1"#));
    }
    format!("{{{}}}", members.join(","))
}

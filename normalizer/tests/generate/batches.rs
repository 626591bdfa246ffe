//! Random documents in random batches.

use super::json::{Json, record, value};
use crate::reader::post::Posted;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sluice_normalizer::{Encoding, Form};
use std::io::Write;

/// One document before it has an id.
#[derive(Debug, Clone)]
struct Draft {
    form: Form,
    body: Vec<u8>,
    gzip: bool,
    principal: Option<String>,
}

/// Batches of documents, most of them sound.
pub fn batches() -> impl Strategy<Value = Vec<Vec<Posted>>> {
    vec(vec(draft(), 1..5), 1..5).prop_map(with_ids)
}

/// Batches full of broken lines and arrays broken at their end.
pub fn broken_batches() -> impl Strategy<Value = Vec<Vec<Posted>>> {
    let one = prop_oneof![2 => draft(), 2 => broken_lines(), 2 => broken_array()];
    vec(vec(one, 1..5), 1..4).prop_map(with_ids)
}

fn with_ids(batches: Vec<Vec<Draft>>) -> Vec<Vec<Posted>> {
    let mut count = 0;
    batches
        .into_iter()
        .map(|batch| {
            batch
                .into_iter()
                .map(|draft| {
                    count += 1;
                    posted(format!("d{count}"), draft)
                })
                .collect()
        })
        .collect()
}

fn posted(id: String, draft: Draft) -> Posted {
    let encoding = if draft.gzip { Encoding::Gzip } else { Encoding::Identity };
    let body = if draft.gzip { gzip(&draft.body) } else { draft.body };
    Posted { id, form: draft.form, encoding, principal: draft.principal, body }
}

/// Compressed bytes.
pub fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).expect("a Vec takes all bytes");
    encoder.finish().expect("a Vec takes all bytes")
}

fn draft() -> impl Strategy<Value = Draft> {
    let form = select(vec![Form::Json, Form::Json, Form::Ndjson, Form::Elements]);
    let records = prop_oneof![8 => vec(record(), 1..6), 1 => vec(value(), 0..4)];
    let principal = select(vec![None, None, Some("me".to_owned()), Some("é".to_owned())]);
    (form, records, 0..4_u8, proptest::bool::weighted(0.1), principal, any::<bool>()).prop_map(
        |(form, records, style, gzip, principal, lone)| {
            let body = body(form, &records, style, lone);
            Draft { form, body, gzip, principal }
        },
    )
}

fn body(form: Form, records: &[Json], style: u8, lone: bool) -> Vec<u8> {
    let texts: Vec<String> = records.iter().map(|record| record.text(style)).collect();
    let body = match form {
        Form::Json if lone && texts.len() == 1 => texts.concat(),
        Form::Json => format!("[{}]", texts.join(",")),
        Form::Ndjson => texts.join("\n"),
        Form::Elements => texts.join(","),
    };
    body.into_bytes()
}

const BROKEN: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "{\"new1\":",
    "{\"new2\":1",
    "{\"new3\":1,}",
    "{\"new4\":1}}",
    "nul",
    "01",
    "1.",
    "-",
    "+1",
    "NaN",
    "-Infinity",
    "{\"new5\":NaN}",
    "\"",
    "\"\\u12\"",
    "{\"a\":\"\\ud800\"}",
    "{\"new6\":1}{\"new7\":2}",
    "{new8:1}",
    "{'new9':1}",
    "\u{feff}{}",
    "{\"a\":\"\t\"}",
    ",",
    "{\"a\":.5}",
    "{\"a\":1e}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":\"\\x\"}",
    "[1,]",
    "tru",
    "{\"\\ud800\":1}",
    "{\"new10\":[1,2}",
    "{\"new11\":[{\"k\":1}],\"q\":",
    "\u{0}",
    "{\"a\":00}",
];

const BROKEN_BYTES: &[&[u8]] =
    &[b"{\"a\":\"\xff\"}", b"\xff\xfe", b"{\"\xc3\":1}", b"{\"a\":\"\xed\xa0\x80\"}", b"\x80"];

fn broken_text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => select(BROKEN.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        2 => select(BROKEN_BYTES.to_vec()).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>().prop_filter("one line", |b| *b != b'\n'), 1..20),
        // A sound record cut short.
        3 => (record(), any::<prop::sample::Index>()).prop_map(|(record, cut)| {
            let text = record.text(0).into_bytes();
            text[..cut.index(text.len())].to_vec()
        }),
    ]
}

fn broken_lines() -> impl Strategy<Value = Draft> {
    let line = prop_oneof![
        1 => record().prop_map(|record| record.text(0).into_bytes()),
        1 => broken_text(),
        1 => select(vec![&b""[..], b" ", b"\r", b"\t \r"]).prop_map(<[u8]>::to_vec),
    ];
    (vec(line, 1..12), any::<bool>()).prop_map(|(lines, bom)| {
        let mut body = if bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        body.extend(lines.join(&b'\n'));
        Draft { form: Form::Ndjson, body, gzip: false, principal: None }
    })
}

/// Records with keys of their own, sound up to the end of the text.
fn broken_array() -> impl Strategy<Value = Draft> {
    (vec(record(), 1..6), broken_text(), any::<bool>()).prop_map(|(records, end, elements)| {
        let mut records: Vec<String> = records.iter().map(|record| record.text(0)).collect();
        records.push("{\"only_in_broken\":1,\"in_broken\":[{\"k\":[{\"l\":true}]}]}".to_owned());
        records.push("7".to_owned());
        let mut body = if elements { Vec::new() } else { b"[".to_vec() };
        body.extend(records.join(",").into_bytes());
        body.push(b',');
        body.extend(end);
        // Never a sound end, whatever the random bytes are.
        body.extend(b"{\"x\"");
        let form = if elements { Form::Elements } else { Form::Json };
        Draft { form, body, gzip: false, principal: None }
    })
}

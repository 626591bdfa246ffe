//! Many records.

use super::Attack;
use crate::reader::post::Posted;
use sluice_normalizer::Form;

fn each(count: usize, record: impl Fn(usize) -> String) -> String {
    (0..count).map(record).collect::<Vec<_>>().join("\n")
}

fn tiny_documents(count: usize) -> Vec<Posted> {
    (0..count).map(|i| Posted::new(format!("d{i}"), Form::Json, "{}")).collect()
}

fn empty_objects() -> Vec<Posted> {
    let body = format!("[{}{{}}]", "{},".repeat(2_500_000));
    vec![Posted::new("one", Form::Json, body.clone()), Posted::new("two", Form::Json, body)]
}

pub fn attacks() -> Vec<Attack> {
    vec![
        Attack::json("5 million empty objects", "").documents(empty_objects()).factor(40),
        Attack::json("200,000 documents of two bytes", "")
            .documents(tiny_documents(200_000))
            .factor(400),
        Attack::lines(
            "duplicate keys in every record",
            each(300_000, |i| format!("{{\"a\":1,\"b\":[{{\"c\":1}}],\"a\":{i}}}")),
        )
        .factor(20),
        Attack::lines(
            "duplicate keys of a full table",
            each(100_000, |i| format!("{{\"a\":1,\"b\":2,\"b\":{i}}}")),
        )
        .settings("tables: {t: {limits: {columns: 1}}}")
        .factor(20),
        Attack::lines(
            "a kind of its own in every record",
            each(400_000, |i| {
                let values = [
                    "1",
                    "1.5",
                    "\"x\"",
                    "true",
                    "1e999",
                    "[1]",
                    "[1.5]",
                    "[[1]]",
                    "[\"x\"]",
                    "[1,\"x\"]",
                    "{}",
                    "[{}]",
                    "18446744073709551616",
                ];
                format!("{{\"a\":{}}}", values[i % values.len()])
            }),
        )
        .factor(40),
        Attack::lines(
            "a value every 1,000 records",
            each(600_000, |i| {
                if i % 1000 == 0 { format!("{{\"k{}\":1}}", i / 1000) } else { "{}".to_owned() }
            }),
        )
        .factor(40),
        Attack::lines(
            "every record refused by on_conflict",
            each(300_000, |i| {
                if i == 0 {
                    "{\"a\":1}".to_owned()
                } else {
                    format!("{{\"n{i}\":[{{\"x\":1}}],\"a\":\"x\"}}")
                }
            }),
        )
        .settings("tables: {t: {on_conflict: reject}}")
        .rejected("type_conflict", 299_999)
        .factor(20),
        Attack::lines("every record refused by a schema", "{\"a\":1}\n".repeat(300_000))
            .settings("tables: {t: {schema: {properties: {a: {type: string}}}}}")
            .rejected("schema_mismatch", 300_000)
            .factor(20),
    ]
}

//! What cannot become a row, and how it is kept (DESIGN.md 2.3, Rejects).
#![allow(missing_docs)]

mod golden;
mod reader;

use reader::lake::read;
use reader::post::{Posted, post, settings};
use sluice_normalizer::{Encoding, Form};

/// The rejects of one document, `row code pointer content: message`, and how many rows there are.
#[track_caller]
fn check_posted(yaml: &str, posted: Posted, expected: &[&str], rows: u64) {
    let lake = read(&post(&settings(yaml), &[vec![posted]]));
    let found: Vec<String> = lake
        .rejects
        .iter()
        .map(|reject| {
            let row = reject.row.map_or("document".to_owned(), |row| row.to_string());
            let pointer = reject.pointer.as_deref().unwrap_or("-");
            let content = String::from_utf8_lossy(&reject.content);
            format!("{row} {} {pointer} {content}: {}", reject.code, reject.message)
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!(lake.rows, rows);
}

#[track_caller]
fn json(body: &str, expected: &[&str], rows: u64) {
    check_posted("", Posted::new("d", Form::Json, body), expected, rows);
}

#[track_caller]
fn lines(body: &str, expected: &[&str], rows: u64) {
    check_posted("", Posted::new("d", Form::Ndjson, body), expected, rows);
}

#[test]
fn one_bad_line_rejects_that_line() {
    lines(
        "{\"a\":1}\n{\"a\":\n{\"a\":2}",
        &["1 malformed_json - {\"a\":: EOF while parsing a value at byte 5"],
        2,
    );
    lines("{\"a\":1}\r\n\n  \n7\n", &["1 not_an_object - 7: a record is a JSON object"], 1);
    lines(
        "{\"a\":1}{\"a\":2}",
        &["0 malformed_json - {\"a\":1}{\"a\":2}: trailing characters at byte 7"],
        0,
    );
    lines("[{\"a\":1}]", &["0 not_an_object - [{\"a\":1}]: a record is a JSON object"], 0);
    lines("\n", &["document no_records - \n: the document holds no record"], 0);
}

#[test]
fn an_array_that_is_broken_as_text_rejects_the_document() {
    json(
        "[{\"a\":1},{\"a\":2]",
        &["document malformed_json - [{\"a\":1},{\"a\":2]: expected `,` or `}` at byte 15"],
        0,
    );
    json(
        "[{\"a\":1},7,{\"a\":2},]",
        &["document malformed_json - [{\"a\":1},7,{\"a\":2},]: trailing comma at byte 19"],
        0,
    );
    json(
        "[{\"a\":1}] x",
        &["document malformed_json - [{\"a\":1}] x: trailing characters at byte 10"],
        0,
    );
    json("", &["document malformed_json - : EOF while parsing a value at byte 0"], 0);
}

#[test]
fn an_element_that_is_no_object_rejects_itself() {
    let expected = [
        "1 not_an_object - 7: a record is a JSON object",
        "2 not_an_object - null: a record is a JSON object",
        "3 not_an_object - [{\"a\":1}]: a record is a JSON object",
    ];
    json("[{\"a\":1},7,null,[{\"a\":1}],{\"a\":2}]", &expected, 2);
    json("7", &["0 not_an_object - 7: a record is a JSON object"], 0);
    json("[]", &["document no_records - []: the document holds no record"], 0);
}

#[test]
fn nesting() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(128), "]".repeat(128));
    let expected = format!("1 nesting_too_deep - {deep}: record nests deeper than 128 levels");
    json(&format!("[{{}},{deep},{{}}]"), &[&expected], 2);
    let allowed = format!("{{\"a\":{}1{}}}", "[".repeat(127), "]".repeat(127));
    json(&allowed, &[], 1);
}

#[test]
fn bytes_that_are_no_text_are_kept_too() {
    let posted = Posted::new("d", Form::Ndjson, &b"{\"a\":\"\xff\"}\n{}"[..]);
    check_posted(
        "",
        posted,
        &["0 invalid_utf8 - {\"a\":\"\u{fffd}\"}: invalid UTF-8 or unicode code point at byte 6"],
        1,
    );
    let posted = Posted { encoding: Encoding::Gzip, ..Posted::new("d", Form::Json, "{}") };
    check_posted(
        "",
        posted,
        &["document bad_content_encoding - {}: the body is not gzip, as its Content-Encoding says"],
        0,
    );
}

#[test]
fn settings_reject() {
    let schema =
        "tables: {t: {schema: {properties: {a: {items: {type: integer}}}, required: [b]}}}";
    let body = "{\"b\":1,\"a\":[1,\"x\"]}\n{\"a\":[]}\n{\"b\":1}";
    check_posted(
        schema,
        Posted::new("d", Form::Ndjson, body),
        &[
            "0 schema_mismatch /a/1 {\"b\":1,\"a\":[1,\"x\"]}: the record does not match the schema's /properties/a/items/type",
            "1 schema_mismatch  {\"a\":[]}: the record does not match the schema's /required",
        ],
        1,
    );
    let conflicts = "tables: {t: {on_conflict: reject}}";
    let body = "{\"a\":{\"b\":1}}\n{\"a\":{\"b\":\"x\"},\"new\":1}\n{\"a\":{\"b\":2.5}}";
    check_posted(
        conflicts,
        Posted::new("d", Form::Ndjson, body),
        &[
            "1 type_conflict /a/b {\"a\":{\"b\":\"x\"},\"new\":1}: the table has another kind at this path than string, and on_conflict is reject",
        ],
        2,
    );
    // The pointer starts at the record, also from within a child table.
    check_posted(
        conflicts,
        Posted::new("d", Form::Ndjson, r#"{"items":[{"b":3},{"b":"x"}]}"#),
        &[
            "0 type_conflict /items/1/b {\"items\":[{\"b\":3},{\"b\":\"x\"}]}: the table has another kind at this path than string, and on_conflict is reject",
        ],
        0,
    );
}

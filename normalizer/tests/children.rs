//! Child tables and lineage (DESIGN.md 2.3).
#![allow(missing_docs)]

mod golden;
mod reader;

use reader::post::{Posted, Written, post, settings};
use sluice_normalizer::Form;

#[track_caller]
fn check(records: &str, expected: &str) {
    let batches: Vec<&str> = records.split(" // ").collect();
    assert_eq!(golden::tables(&golden::write("", &batches)), expected, "{records}");
}

#[test]
fn one_row_an_element() {
    check(r#"{"x":[{"a":1},{"a":2}]}"#, " | t__x: _path ['0', '1']; a bigint [1, 2]");
    check(r#"{"x":[{"a":1}]} {"x":[{"a":2}]}"#, " | t__x: _path ['0', '0']; a bigint [1, 2]");
    check(
        r#"{"n":1,"o":{"x":[{"a":{"b":1}}]}}"#,
        "n bigint [1] | t__o__x: _path ['0']; a__b bigint [1]",
    );
    check(r#"{"x":[{}]}"#, " | t__x: _path ['0']");
    check(r#"{"x":[null,{"a":1},{}]}"#, " | t__x: _path ['0', '1', '2']; a bigint [null, 1, null]");
}

#[test]
fn an_element_that_is_no_object_sits_in_value() {
    check(
        r#"{"x":[{"a":1},7,"y"]}"#,
        " | t__x: _path ['0', '1', '2']; a bigint [1, null, null]; _value bigint [null, 7, null]; _value__string string [null, null, 'y']",
    );
    check(
        r#"{"x":[{"a":1},[1,2]]}"#,
        " | t__x: _path ['0', '1']; a bigint [1, null]; _value list_bigint [null, [1,2]]",
    );
}

#[test]
fn each_array_level_is_a_table() {
    check(
        r#"{"x":[[{"a":1}]]}"#,
        " | t__x: _path ['0'] | t__x___value: _path ['0.0']; a bigint [1]",
    );
    check(
        r#"{"x":[{"y":[{"a":1},{"a":2}]},{"y":[{"a":3}]}]}"#,
        " | t__x: _path ['0', '1'] | t__x__y: _path ['0.0', '0.1', '1.0']; a bigint [1, 2, 3]",
    );
}

#[test]
fn arrays_change_between_lists_and_child_tables() {
    check(
        r#"{"x":[1]} {"x":[{"a":1}]}"#,
        "x list_bigint [[1], null] | t__x: _path ['0']; a bigint [1]",
    );
    check(
        r#"{"x":[{"a":1}]} // {"x":{"b":1}}"#,
        "x__b bigint [null, 1] | t__x: _path ['0']; a bigint [1]",
    );
}

/// Lineage columns of one table.
#[track_caller]
fn lineage(written: &Written, table: &str, columns: &str, expected: &str) {
    let parts: Vec<_> = written.parts.iter().filter(|part| part.table == table).collect();
    let found: Vec<String> = columns
        .split(' ')
        .map(|column| format!("{column} {}", golden::values(&parts, column)))
        .collect();
    assert_eq!(found.join("; "), expected);
}

#[test]
fn lineage_columns() {
    let body = r#"[{"x":[{"y":[{"a":1}]}]},{"x":[{"b":1},{"y":[{"a":2},{"a":3}]}]}]"#;
    let with = Posted { principal: Some("me".to_owned()), ..Posted::new("d1", Form::Json, body) };
    let written = post(&settings(""), &[vec![with, Posted::new("d2", Form::Json, "{}")]]);
    lineage(
        &written,
        "t",
        "_id _row _received_at _principal",
        "_id ['d1', 'd1', 'd2']; _row [0, 1, 0]; _received_at [1770091506789, 1770091506789, 1770091506789]; _principal ['me', 'me', null]",
    );
    lineage(
        &written,
        "t__x",
        "_id _row _index _path _parent",
        "_id ['d1', 'd1', 'd1']; _row [0, 1, 1]; _index [0, 0, 1]; _path ['0', '0', '1']; _parent ['', '', '']",
    );
    lineage(
        &written,
        "t__x__y",
        "_id _row _index _path _parent",
        "_id ['d1', 'd1', 'd1']; _row [0, 1, 1]; _index [0, 0, 1]; _path ['0.0', '1.0', '1.1']; _parent ['0', '1', '1']",
    );
}

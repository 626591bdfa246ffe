//! What `sluice.yaml` changes (DESIGN.md 2.3, Settings).
#![allow(missing_docs)]

mod golden;
mod reader;

use sluice_normalizer::Settings;

/// `settings`: of the one table. Batches are separated by `//`.
#[track_caller]
fn check(settings: &str, records: &str, expected: &str) {
    let batches: Vec<&str> = records.split(" // ").collect();
    assert_eq!(golden::tables(&golden::write(settings, &batches)), expected, "{records}");
}

#[test]
fn declared_columns_exist_and_own_the_plain_name() {
    check(
        "columns: {/price: double}",
        r#"{"price":1} {"price":"x"}"#,
        "price double [1.0, null]; price__string string [null, 'x']",
    );
    check(
        "columns: {/price: double}",
        r#"{"price":9007199254740993}"#,
        "price double [null]; price__bigint bigint [9007199254740993]",
    );
    check(
        "columns: {/price: string}",
        r#"{"price":1}"#,
        "price string [null]; price__bigint bigint [1]",
    );
    check("columns: {/a: list_double}", r#"{"a":[1]}"#, "a list_double [[1.0]]");
    check("columns: {/m: json}", r#"{"m":{"k1":1}}"#, r#"m json ['{"k1":1}']"#);
    check(
        "columns: {/x/*/a: double}",
        r#"{"x":[{"a":1}]}"#,
        " | t__x: _path ['0']; a double [1.0]",
    );
    check("columns: {/b: bigint}", r#"{"a":1}"#, "b bigint [null]; a bigint [1]");
}

#[test]
fn timestamps() {
    let ts = "timestamps: [/ts]";
    check(ts, r#"{"ts":"2024-01-02T03:04:05Z"}"#, "ts timestamp [1704164645000]");
    check(ts, r#"{"ts":"2024-01-02T03:04:05.678Z"}"#, "ts timestamp [1704164645678]");
    check(
        ts,
        r#"{"ts":"2024-01-02T05:04:05+02:00"}"#,
        "ts timestamp [1704164645000]; ts__string string ['2024-01-02T05:04:05+02:00']",
    );
    check(
        ts,
        r#"{"ts":"2024-01-02T03:04:05Z"} {"ts":"2024-01-02"}"#,
        "ts timestamp [1704164645000, 1704153600000]; ts__string string [null, '2024-01-02']",
    );
    check(ts, r#"{"ts":"soon"} {"ts":5}"#, "ts string ['soon', null]; ts__bigint bigint [null, 5]");
    check(
        "columns: {/ts: timestamp}",
        r#"{"ts":"2024-01-02 03:04:05"}"#,
        "ts timestamp [1704164645000]; ts__string string ['2024-01-02 03:04:05']",
    );
}

#[test]
fn json_keeps_a_path_whole() {
    check(
        "json: [/m]",
        r#"{"m":{"k1":1,"k2":[{}]}} {"m":1.50} {"m":null}"#,
        r#"m json ['{"k1":1,"k2":[{}]}', '1.50', null]"#,
    );
    // SQL functions that read the text may take the first of equal keys.
    check(
        "json: [/m]",
        r#"{"m":{"k":1,"l":{"a":1,"a":2},"k":3}}"#,
        r#"m json ['{"l":{"a":2},"k":3}']"#,
    );
    check(
        "json: [/x/*/m]",
        r#"{"x":[{"m":{"a":1}}]}"#,
        r#" | t__x: _path ['0']; m json ['{"a":1}']"#,
    );
    check(
        "json: [/x/*]",
        r#"{"x":[{"a":1},2]}"#,
        r#" | t__x: _path ['0', '1']; _value json ['{"a":1}', '2']"#,
    );
}

#[test]
fn ignored_paths_are_dropped() {
    check("ignore: [/s]", r#"{"a":1,"s":{"b":1}}"#, "a bigint [1]");
    check("ignore: [/x/*/s]", r#"{"x":[{"a":1,"s":2}]}"#, " | t__x: _path ['0']; a bigint [1]");
    check("ignore: [/a~1b/~2]", r#"{"a/b":{"*":1,"c":2}}"#, "a_b__c bigint [2]");
    check("ignore: [/s/*]", r#"{"a":1,"s":["x","y"]} {"s":[1,"x"]}"#, "a bigint [1, null]");
    check("ignore: [/m/*/*]", r#"{"m":[[1,2],[3]]}"#, "m json ['[[null,null],[null]]']");
    check(
        "ignore: [/o/s, /x/*/s], limits: {columns: 0, child_tables: 0}",
        r#"{"o":{"s":1,"a":2},"x":[{"s":1,"a":2}]}"#,
        r#"_rest ['{"/o":{"a":2},"/x":[{"a":2}]}']"#,
    );
}

#[test]
fn on_conflict_reject() {
    check("on_conflict: reject", r#"{"a":1} {"a":"x","b":1} {"a":2.5}"#, "a double [1.0, 2.5]");
    check(
        "on_conflict: reject",
        r#"{"a":1} // {"a":"x"} // {"a":2.5}"#,
        "a bigint [1, null]; a__double double [null, 2.5]",
    );
    check(
        "on_conflict: reject, timestamps: [/t]",
        r#"{"t":"2024-01-02"} {"t":"x"}"#,
        "t timestamp [1704153600000, null]; t__string string ['2024-01-02', 'x']",
    );
    // Numbers are no conflict among themselves, in whatever order and batch they come.
    check(
        "on_conflict: reject",
        r#"{"a":2.5} {"a":18446744073709551616}"#,
        "a double [2.5, 1.8446744073709552e19]",
    );
    check("on_conflict: reject", r#"{"a":[1]} {"a":[2.5]}"#, "a list_double [[1.0], [2.5]]");
}

/// What is wrong with a `sluice.yaml`.
#[track_caller]
fn wrong(yaml: &str, expected: &str) {
    let error = Settings::from_yaml(yaml).expect_err("it is wrong");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn mistakes_name_their_place() {
    wrong("tables: {t: {ignored: [/a]}}", "settings are not readable");
    wrong("tables: {a__b: {}}", "tables: \"a__b\" is no table name");
    wrong("tables: {t: {}, T: {}}", "tables: t is there twice (names fold to lower case)");
    wrong(
        "tables: {t: {json: [a]}}",
        "tables.t: \"a\" is no path: it starts with / and has keys or * between slashes",
    );
    wrong(
        "tables: {t: {json: [/*]}}",
        "tables.t: \"/*\" is no path: it starts with / and has keys or * between slashes",
    );
    wrong(
        "tables: {t: {json: [/a~3]}}",
        "tables.t: \"/a~3\" is no path: it starts with / and has keys or * between slashes",
    );
    wrong("tables: {t: {json: [/a], ignore: [/a]}}", "tables.t: \"/a\" has two rules");
    wrong(
        "tables: {t: {columns: {/a: integer}}}",
        "tables.t.columns: \"/a\" has the unknown kind \"integer\"; there are boolean, bigint, double, number, string, timestamp, json and list_ of them",
    );
    wrong("tables: {t: {schema: {type: 5}}}", "tables.t.schema is no usable JSON Schema");
    wrong(
        "tables: {t: {schema: {$ref: 'http://example.com/x'}}}",
        "tables.t.schema is no usable JSON Schema",
    );
    wrong(
        "tables: {t: {schema: {$schema: 'http://json-schema.org/draft-04/schema#'}}}",
        "tables.t.schema is no usable JSON Schema",
    );
}

#[test]
fn none_is_fine() {
    for yaml in ["", "\n", "tables: {}", "{}", "tables: {t: {}}"] {
        assert!(Settings::from_yaml(yaml).is_ok(), "{yaml:?}");
    }
}

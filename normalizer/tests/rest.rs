//! Past the limits nothing is lost (DESIGN.md 2.3, Width and depth are bounded).
#![allow(missing_docs)]

mod golden;
mod reader;

/// `limits`: as in the settings. Batches are separated by `//`.
#[track_caller]
fn check(limits: &str, records: &str, expected: &str) {
    let batches: Vec<&str> = records.split(" // ").collect();
    let yaml = format!("limits: {{{limits}}}");
    assert_eq!(golden::tables(&golden::write(&yaml, &batches)), expected, "{records}");
}

#[test]
fn columns() {
    check(
        "columns: 2",
        r#"{"a":1,"b":2,"c":3}"#,
        r#"a bigint [1]; b bigint [2]; _rest ['{"/c":3}']"#,
    );
    check(
        "columns: 1",
        r#"{"a":1} // {"a":2,"b":"x"} // {"a":"y"}"#,
        r#"a bigint [1, 2, null]; _rest [null, '{"/b":"x"}', '{"/a":"y"}']"#,
    );
    check(
        "columns: 1",
        r#"{"a":1,"b":{"c":{"d":true},"e":null}}"#,
        r#"a bigint [1]; _rest ['{"/b/c/d":true}']"#,
    );
    check(
        "columns: 0",
        r#"{"a":[1,"x"],"b/c":{"~":1}}"#,
        r#"_rest ['{"/a":[1,"x"],"/b~1c":{"~":1}}']"#,
    );
    check("columns: 1", r#"{"a":1,"b":2,"b":3}"#, r#"a bigint [1]; _rest ['{"/b":3}']"#);
    check("columns: 0", r#"{"a":1.50} {"a":[[],null]} {}"#, r#"_rest ['{"/a":1.50}', null, null]"#);
}

#[test]
fn child_tables() {
    check(
        "child_tables: 1",
        r#"{"a":[{"x":1}],"b":[{"y":[]}]}"#,
        r#"_rest ['{"/b":[{"y":[]}]}'] | t__a: _path ['0']; x bigint [1]"#,
    );
    check("child_tables: 0", r#"{"a":[1,{"x":1}]}"#, r#"_rest ['{"/a":[1,{"x":1}]}']"#);
    check(
        "child_levels: 1",
        r#"{"a":[{"b":[{"c":1}]}]}"#,
        r#" | t__a: _path ['0']; _rest ['{"/b":[{"c":1}]}']"#,
    );
    check(
        "child_levels: 1",
        r#"{"a":[[{"c":1}],2]}"#,
        r#" | t__a: _path ['0', '1']; _value bigint [null, 2]; _rest ['{"":[{"c":1}]}', null]"#,
    );
}

#[test]
fn columns_of_a_child_table() {
    check(
        "columns: 1",
        r#"{"a":[{"x":1,"y":2},7]}"#,
        r#" | t__a: _path ['0', '1']; x bigint [1, null]; _rest ['{"/y":2}', '{"":7}']"#,
    );
}

#[test]
fn view_text() {
    check("view_text_bytes: 0", r#"{"a":1}"#, r#"_rest ['{"/a":1}']"#);
}

#[test]
fn a_path_that_is_too_long() {
    let key = "k".repeat(1_000);
    check(
        "",
        &format!("{{\"{key}\":1,\"b\":2}}"),
        &format!("b bigint [2]; _rest ['{{\"/{key}\":1}}']"),
    );
}

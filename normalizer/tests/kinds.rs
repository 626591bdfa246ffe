//! What a JSON value becomes (DESIGN.md 2.3, the table of kinds, and type conflicts).
#![allow(missing_docs)]

mod golden;
mod reader;

/// `records` in one batch, or in several, separated by `//`.
#[track_caller]
fn check(records: &str, expected: &str) {
    let batches: Vec<&str> = records.split(" // ").collect();
    assert_eq!(golden::tables(&golden::write("", &batches)), expected, "{records}");
}

#[test]
fn scalars() {
    check(r#"{"a":true} {"a":false}"#, "a boolean [true, false]");
    check(r#"{"a":1} {"a":-1} {"a":0}"#, "a bigint [1, -1, 0]");
    check(
        r#"{"a":9223372036854775807} {"a":-9223372036854775808}"#,
        "a bigint [9223372036854775807, -9223372036854775808]",
    );
    check(r#"{"a":1.0} {"a":0.1}"#, "a double [1.0, 0.1]");
    check(r#"{"a":-0} {"a":-0.0}"#, "a double [-0.0, -0.0]");
    check(r#"{"a":1e5} {"a":1E-5}"#, "a double [100000.0, 1e-5]");
    check(r#"{"a":"x"} {"a":""} {"a":"1"}"#, "a string ['x', '', '1']");
    check(r#"{"a":"\u0000\u00e9\ud83d\ude00\/"}"#, "a string ['\0é😀/']");
}

#[test]
fn numbers_that_neither_carries() {
    check(r#"{"a":18446744073709551616}"#, "a number ['18446744073709551616']");
    check(r#"{"a":1e400} {"a":1e-400}"#, "a number ['1e400', '1e-400']");
    check(r#"{"a":123456789012345678901234567890}"#, "a number ['123456789012345678901234567890']");
    check(r#"{"a":0.1234567890123456789}"#, "a number ['0.1234567890123456789']");
    check(r#"{"a":100000000000000000000}"#, "a number ['100000000000000000000']");
}

#[test]
fn numbers_of_a_batch_decide_together() {
    check(r#"{"a":1} {"a":2.5}"#, "a double [1.0, 2.5]");
    check(r#"{"a":2.5} {"a":1}"#, "a double [2.5, 1.0]");
    check(
        r#"{"a":9007199254740993} {"a":2.5}"#,
        "a bigint [9007199254740993, null]; a__double double [null, 2.5]",
    );
    check(r#"{"a":18446744073709551616} {"a":2.5}"#, "a double [1.8446744073709552e19, 2.5]");
    check(
        r#"{"a":18446744073709551616} {"a":1}"#,
        "a number ['18446744073709551616', null]; a__bigint bigint [null, 1]",
    );
    check(r#"{"a":[1,2.5]}"#, "a list_double [[1.0,2.5]]");
    check(r#"{"a":[1]} {"a":[2.5]}"#, "a list_double [[1.0], [2.5]]");
    check(
        r#"{"a":[1,9007199254740993]} {"a":[2.5]}"#,
        "a list_bigint [[1,9007199254740993], null]; a__list_double list_double [null, [2.5]]",
    );
}

#[test]
fn numbers_of_later_batches_go_where_they_fit() {
    check(r#"{"a":1} // {"a":2.5}"#, "a bigint [1, null]; a__double double [null, 2.5]");
    check(r#"{"a":2.5} // {"a":1}"#, "a double [2.5, 1.0]");
    check(
        r#"{"a":2.5} // {"a":9007199254740993}"#,
        "a double [2.5, null]; a__bigint bigint [null, 9007199254740993]",
    );
    check(r#"{"a":2.5} // {"a":18446744073709551616}"#, "a double [2.5, 1.8446744073709552e19]");
    check(
        r#"{"a":"x"} // {"a":2.5} // {"a":1}"#,
        "a string ['x', null, null]; a__double double [null, 2.5, null]; a__bigint bigint [null, null, 1]",
    );
    check(r#"{"a":[2.5]} // {"a":[1]}"#, "a list_double [[2.5], [1.0]]");
}

#[test]
fn lists() {
    check(r#"{"a":[1,2]}"#, "a list_bigint [[1,2]]");
    check(r#"{"a":["x",null,""]}"#, "a list_string [['x',null,'']]");
    check(r#"{"a":[true]}"#, "a list_boolean [[true]]");
    check(r#"{"a":[null,1]}"#, "a list_bigint [[null,1]]");
    check(r#"{"a":[1e400]}"#, "a list_number [['1e400']]");
    check(r#"{"a":[[1.5]]}"#, "a list_list_double [[[1.5]]]");
    check(r#"{"a":[[1],null,[],[2,null]]}"#, "a list_list_bigint [[[1],null,[],[2,null]]]");
    check(
        r#"{"a":[1]} {"a":[[1]]}"#,
        "a list_bigint [[1], null]; a__list_list_bigint list_list_bigint [null, [[1]]]",
    );
    check(r#"{"a":[]} {"a":[1]} {}"#, "a list_bigint [null, [1], null]");
}

#[test]
fn arrays_of_mixed_kinds_or_depths_are_json() {
    check(r#"{"a":[1,"x"]}"#, r#"a json ['[1,"x"]']"#);
    check(r#"{"a":[1, [2]]}"#, "a json ['[1,[2]]']");
    check(r#"{"a":[1, []]}"#, "a json ['[1,[]]']");
    check(r#"{"a":[true, 1.50, null]}"#, "a json ['[true,1.50,null]']");
    check(r#"{"a":[1, 1e400]}"#, "a json ['[1,1e400]']");
    check(
        r#"{"a":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}"#,
        "a list_list_list_list_list_list_list_list_list_list_list_list_list_list_list_list_bigint [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
    );
    check(
        r#"{"a":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}"#,
        "a json ['[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]']",
    );
}

#[test]
fn no_data() {
    check(r#"{"a":null,"b":[],"c":{},"d":[null],"e":{"f":null},"g":[[],[null]]}"#, "");
    check("{}", "");
}

#[test]
fn objects_flatten() {
    check(r#"{"user":{"login":"a"}}"#, "user__login string ['a']");
    check(r#"{"a":{"b":{"c":1}},"d":2}"#, "a__b__c bigint [1]; d bigint [2]");
}

#[test]
fn another_kind_gets_a_column_beside() {
    check(r#"{"a":1} {"a":"x"}"#, "a bigint [1, null]; a__string string [null, 'x']");
    check(r#"{"a":"x"} {"a":1}"#, "a string ['x', null]; a__bigint bigint [null, 1]");
    check(
        r#"{"a":1} {"a":true} {"a":[1]} {"a":[1,"x"]} {"a":{"b":1}}"#,
        r#"a bigint [1, null, null, null, null]; a__boolean boolean [null, true, null, null, null]; a__list_bigint list_bigint [null, null, [1], null, null]; a__json json [null, null, null, '[1,"x"]', null]; a__b bigint [null, null, null, null, 1]"#,
    );
    check(
        r#"{"a":1} // {"a":"x"} // {"a":2}"#,
        "a bigint [1, null, 2]; a__string string [null, 'x', null]",
    );
}

#[test]
fn the_last_of_equal_keys_wins() {
    check(r#"{"a":1,"a":"x"}"#, "a string ['x']");
    check(r#"{"a":{"b":1},"a":{"c":2}}"#, "a__c bigint [2]");
    check(r#"{"a":1,"b":2,"a":null}"#, "b bigint [2]");
    check(r#"{"a":1,"\u0061":2}"#, "a bigint [2]");
}

/// A record that is started again must leave nothing behind: a dictionary once took its last text
/// for the one of a record taken back.
#[test]
fn a_record_with_equal_keys_leaves_nothing_behind() {
    check(r#"{"a":"x"} {"a":"","b":1,"b":2}"#, "a string ['x', '']; b bigint [null, 2]");
    check(
        r#"{"a":[1]} {"a":[2],"c":[{"d":1}],"b":1,"b":"y"}"#,
        "a list_bigint [[1], [2]]; b string [null, 'y'] | t__c: _path ['0']; d bigint [1]",
    );
}

/// The parser below refuses more than 4,300 digits before the point; JSON does not.
#[test]
fn numbers_of_any_length() {
    let nines = "9".repeat(5_000);
    check(&format!("{{\"a\":{nines},\"b\":1}}"), &format!("a number ['{nines}']; b bigint [1]"));
    let zeros = "0".repeat(5_000);
    check(&format!("{{\"a\":1{zeros}e-5000}}"), "a double [1.0]");
    check(&format!("{{\"a\":1.5{zeros}}}"), "a double [1.5]");
    check(
        &format!("{{\"a\":-1{zeros}.0e-4999}} {{\"a\":0.{zeros}1}}"),
        &format!("a double [-10.0, null]; a__number number [null, '0.{zeros}1']"),
    );
}

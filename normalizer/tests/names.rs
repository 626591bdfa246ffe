//! Names of columns and tables (DESIGN.md 2.3, Names).
#![allow(missing_docs)]

mod golden;
mod reader;

/// The names that a record's keys get, with their source paths in the order of the registry.
#[track_caller]
fn check(record: &str, expected: &str) {
    let registry = golden::write("", &[record]).last_registry();
    let mut names = Vec::new();
    for table in registry["tables"].as_array().expect("tables") {
        if table["parent"].is_string() {
            names.push(format!("[{}]", table["name"].as_str().expect("a name")));
        }
        for column in table["columns"].as_array().expect("columns") {
            names.push(column["name"].as_str().expect("a name").to_owned());
        }
    }
    assert_eq!(names.join(" "), expected, "{record}");
}

#[test]
fn characters() {
    check(r#"{"login":1}"#, "login");
    check(r#"{"userName":1}"#, "username");
    check(r#"{"user name":1}"#, "user_name");
    check(r#"{"a.b":1,"a-b ":1,"$c":1}"#, "a_b a_b_ _c");
    check(r#"{"größe":1}"#, "grosse");
    check(r#"{"Ünïcode":1}"#, "unicode");
    check(r#"{"日本":1}"#, "ri_ben");
    check(r#"{"1st":1}"#, "_1st");
    check(r#"{"a":{"1":1}}"#, "a__1");
    check(r#"{"":1}"#, "_empty");
    check(r#"{"a":{"":{"":1}}}"#, "a___empty___empty");
    check(r#"{"@@@":1}"#, "___");
    check(r#"{"a/b~c":1}"#, "a_b_c");
}

#[test]
fn two_paths_never_share_a_column() {
    check(r#"{"a":1,"A":2}"#, "a a_87075cc8");
    check(r#"{"a":{"b":1},"a__b":2}"#, "a__b a__b_6b2ab9c1");
    check(r#"{"a":1,"a__string":2}"#, "a a__string");
}

#[test]
fn reserved_names_get_a_suffix() {
    check(r#"{"_id":1}"#, "_id_540d5d6b");
    check(r#"{"_row":1}"#, "_row_eb7f14b8");
    check(r#"{"_received_at":1}"#, "_received_at_5fce85a5");
    check(r#"{"_principal":1}"#, "_principal_387c62ee");
    check(r#"{"_index":1}"#, "_index_b9b7ac0f");
    check(r#"{"_path":1}"#, "_path_4f65926b");
    check(r#"{"_parent":1}"#, "_parent_0c9f79ac");
    check(r#"{"_value":1}"#, "_value_64ded221");
    check(r#"{"_rest":1}"#, "_rest_1487cdca");
    check(r#"{"tier":1}"#, "tier_87139363");
    check(r#"{"ingest_date":1}"#, "ingest_date_26a3b499");
    check(r#"{"TIER":1}"#, "tier_e0b74a33");
    check(r#"{"a":{"tier":1}}"#, "a__tier");
    check(r#"{"a":[{"_value":1},2]}"#, "[t__a] _value_64ded221 _value");
}

/// Someone who knows how suffixes are made can post all of them as keys.
#[test]
fn posted_names_do_not_use_up_the_suffixes() {
    let hash = "540d5d6b8029b9e0e079d8fbf4c89e942e19bbfb64e71da210dfdcb42f69a00b";
    let posted = (8..=hash.len()).map(|digits| format!("_id_{}", &hash[..digits]));
    let keys: Vec<String> = posted.map(|name| format!("\"{name}\":\"x\"")).collect();
    let names: Vec<String> =
        (8..=hash.len()).map(|digits| format!("_id_{}", &hash[..digits])).collect();
    let expected = format!("{} _id_{}_2", names.join(" "), &hash[..8]);
    check(&format!("{{{},\"_id\":1}}", keys.join(",")), &expected);
}

#[test]
fn child_tables() {
    check(r#"{"items":[{"a":1}]}"#, "[t__items] a");
    check(r#"{"x":{"Items":[{"a":1}]}}"#, "[t__x__items] a");
    check(r#"{"x":[[{"a":1}]]}"#, "[t__x] [t__x___value] a");
    check(r#"{"x":[{"y":[{"a":1}]}],"x__y":[{"b":1}]}"#, "[t__x] [t__x__y] a [t__x__y_6b958db2] b");
}

#[test]
fn long_names_are_cut_and_end_in_a_hash() {
    let key = "k".repeat(200);
    check(&format!("{{\"{key}\":1}}"), &key);
    check(&format!("{{\"{key}x\":1}}"), &format!("{}_4a4f9105", &key[..191]));
}

//! What `sluice schema` shows.

use crate::sandbox::Sandbox;
use serde_json::json;

/// A lake of two tables, `orders` in two registry versions.
fn lake() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("1.json", r#"{"id":1,"items":[{"sku":"a","tags":["x"]}],"price":1}"#);
    sandbox.write("2.json", r#"{"id":"two","items":[{"parts":[{"n":1}]}],"price":2.5}"#);
    sandbox.write("u.ndjson", "{\"ok\":true}\nnot json\n");
    for command in [
        "normalize --table orders --out lake --received-at 2024-11-20 1.json",
        "normalize --table orders --out lake --received-at 2024-11-21 2.json",
        "normalize --table users --out lake --received-at 2024-11-19 u.ndjson",
    ] {
        sandbox.run(command).ok();
    }
    sandbox
}

#[test]
fn text_shows_types_sources_versions_and_conflicts() {
    let schema = lake().run("schema lake").ok();
    let expected = "\
orders: generation 1, version 2, first date 2024-11-20
  column         type     source  since
  id             bigint   /id         1  conflict with id__string
  price          bigint   /price      1  one double in the view
  id__string     varchar  /id         2  conflict with id
  price__double  double   /price      2  one double in the view

  orders__items: from /items
    column  type            source  since
    sku     varchar         /sku        1
    tags    array(varchar)  /tags       1

    orders__items__parts: from /parts
      column  type    source  since
      n       bigint  /n          2

users: generation 1, version 1, first date 2024-11-19
  column  type     source  since
  ok      boolean  /ok         1

sluice_rejects: the rejects of all tables, first date 2024-11-19
  column            type
  _id               varchar
  _row              bigint
  _received_at      timestamp
  table_name        varchar
  code              varchar
  message           varchar
  pointer           varchar
  content           varchar
  content_encoding  varchar
";
    assert_eq!(schema, expected);
}

#[test]
fn one_table_can_be_asked_for() {
    let sandbox = lake();
    let schema = sandbox.run("schema lake Users").ok();
    assert!(schema.starts_with("users: ") && !schema.contains("orders"), "{schema}");
    let said = sandbox.run("schema lake nothing").failed(1);
    assert_eq!(
        said,
        "error: lake has no table nothing\n  next: choose one of orders, users, sluice_rejects\n"
    );
}

#[test]
fn json_shows_the_same() {
    let schema = lake().run("schema lake orders --format json").json();
    let orders = &schema["tables"][0];
    assert_eq!((&orders["version"], &orders["first_date"]), (&json!(2), &json!("2024-11-20")));
    let id = json!({
        "name": "id", "type": "bigint", "kind": "bigint", "path": "/id", "since": 1,
        "conflict": true,
    });
    assert_eq!(orders["tables"][0]["columns"][0], id);
    let items = &orders["tables"][1];
    assert_eq!(items["name"], "orders__items");
    assert_eq!((&items["parent"], &items["path"]), (&json!("orders"), &json!("/items")));
    assert_eq!(items["columns"][1]["kind"], "list_string");
}

#[test]
fn ddl_declares_databases_tables_views_and_rejects() {
    let sandbox = lake();
    let ddl = sandbox.run("schema lake --ddl athena --location s3://my-lake/").ok();
    let databases =
        "CREATE DATABASE IF NOT EXISTS lake_files;\n\nCREATE DATABASE IF NOT EXISTS lake;\n\n";
    assert!(ddl.starts_with(databases), "{ddl}");
    assert!(ddl.ends_with(";\n"));
    for name in ["orders", "orders__items", "orders__items__parts", "users", "sluice_rejects"] {
        assert!(ddl.contains(&format!("s3://my-lake/{name}")), "{name}\n{ddl}");
    }
    assert_eq!(ddl.matches("CREATE EXTERNAL TABLE").count(), 5, "{ddl}");

    let users = sandbox.run("schema lake users --ddl athena --location s3://my-lake").ok();
    assert!(!users.contains("orders") && !users.contains("sluice_rejects"), "{users}");
}

#[test]
fn a_lake_of_rejects_alone_is_shown_and_declared() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", "broken");
    sandbox.run("normalize --table t --out lake --received-at 2024-11-20 a.json").ok();
    let text = sandbox.run("schema lake").ok();
    assert!(text.starts_with("sluice_rejects: the rejects of all tables, first date 2024-11-20\n"));
    assert_eq!(sandbox.run("schema lake sluice_rejects").ok(), text);
    let json = sandbox.run("schema lake --format json").json();
    assert_eq!(json["tables"], json!([]));
    assert_eq!(json["rejects"]["first_date"], "2024-11-20");

    let ddl = sandbox.run("schema lake --ddl athena --location s3://my-lake").ok();
    assert_eq!(ddl.matches("CREATE EXTERNAL TABLE").count(), 1, "{ddl}");
    // What is shown is what is declared: the names in order, the types by another word.
    let columns = json["rejects"]["columns"].as_array().expect("columns");
    let mut rest = ddl.as_str();
    for column in columns {
        let name = column["name"].as_str().expect("a name");
        let sql_type = column["type"].as_str().expect("a type").replace("varchar", "string");
        let declared = format!("\n  `{name}` {sql_type}");
        let at = rest.find(&declared).unwrap_or_else(|| panic!("{declared}\n{ddl}"));
        rest = &rest[at + declared.len()..];
    }
    let declared = ddl.lines().filter(|line| line.starts_with("  `")).count();
    assert_eq!(declared, columns.len(), "{ddl}");
}

#[test]
fn a_folder_that_is_no_lake_is_said_to_be_none() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/file", "");
    let said = sandbox.run("schema folder").failed(1);
    assert!(said.contains("folder holds no tables"), "{said}");
    let said = sandbox.run("schema missing").failed(1);
    assert!(said.contains("read missing: No such file or directory"), "{said}");
}

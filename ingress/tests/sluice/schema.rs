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
        "normalize --table orders --out lake --received-at 2026-11-20 1.json",
        "normalize --table orders --out lake --received-at 2026-11-21 2.json",
        "normalize --table users --out lake --received-at 2026-11-19 u.ndjson",
    ] {
        sandbox.run(command).ok();
    }
    sandbox
}

#[test]
fn text_shows_types_sources_versions_and_conflicts() {
    let schema = lake().run("schema lake").ok();
    let expected = "\
orders: generation 1, version 2, first date 2026-11-20
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

users: generation 1, version 1, first date 2026-11-19
  column  type     source  since
  ok      boolean  /ok         1
";
    assert_eq!(schema, expected);
}

#[test]
fn one_table_can_be_asked_for() {
    let sandbox = lake();
    let schema = sandbox.run("schema lake Users").ok();
    assert!(schema.starts_with("users: ") && !schema.contains("orders"), "{schema}");
    let said = sandbox.run("schema lake nothing").failed(1);
    assert_eq!(said, "error: lake has no table nothing\n  next: choose one of orders, users\n");
}

#[test]
fn json_shows_the_same() {
    let schema = lake().run("schema lake orders --format json").json();
    let orders = &schema["tables"][0];
    assert_eq!((&orders["version"], &orders["first_date"]), (&json!(2), &json!("2026-11-20")));
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
fn a_folder_that_is_no_lake_is_said_to_be_none() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/file", "");
    let said = sandbox.run("schema folder").failed(1);
    assert!(said.contains("folder holds no tables"), "{said}");
    let said = sandbox.run("schema missing").failed(1);
    assert!(said.contains("read missing: No such file or directory"), "{said}");
}

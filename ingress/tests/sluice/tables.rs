//! `sluice tables`, `sluice table` and `sluice document`.

use crate::server::Server;

fn with_orders() -> Server {
    let server = Server::start();
    let lines = "{\"id\":1,\"items\":[{\"sku\":\"a\"}]}\n{\"id\":\"two\"}\nnot json\n";
    server.sandbox.write("a.ndjson", lines);
    server.run("put orders a.ndjson --wait").ok();
    server
}

#[test]
fn tables_are_listed() {
    let server = with_orders();
    let text = server.run("tables").ok();
    let lines: Vec<Vec<_>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][..4], ["table", "documents", "rows", "rejects"], "{text}");
    assert_eq!(lines[1][..6], ["orders", "1", "2", "1", "1", "1"], "{text}");
    let json = server.run("tables --format json").json();
    assert_eq!(json["tables"][0]["name"], "orders");
    let fresh = Server::start().run("tables").ok();
    assert_eq!(fresh, "no tables yet: send something with sluice put, or curl\n");
}

#[test]
fn one_table_shows_columns_children_conflicts_and_rejects() {
    let server = with_orders();
    let text = server.run("table Orders").ok();
    assert!(text.starts_with("orders: 2 rows of 1 document, "), "{text}");
    for expected in [
        "\n  id            bigint     /id     conflict with id__string\n",
        "\n  orders__items: 1 row from /items\n",
        "\n    sku           varchar    /sku\n",
        "\n  orders /id: bigint in id, string in id__string\n",
        "\nrejects, to be seen with sluice rejects orders\n  malformed_json  1\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let json = server.run("table orders --format json").json();
    assert_eq!(json["summary"]["rows"], 2);
    let said = server.run("table none").failed(1);
    assert!(said.contains("there is no table none"), "{said}");
}

#[test]
fn a_document_tells_where_it_is_and_why() {
    let server = with_orders();
    let id = server.query("--format csv", "SELECT DISTINCT _id FROM orders").ok();
    let id = id.lines().last().expect("an id");
    let text = server.run(&format!("document orders {id} --wait")).ok();
    for expected in
        ["state      partly_rejected\n", "rows       2\n", "  record 2: ", "(malformed_json)"]
    {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let json = server.run(&format!("document orders {id} --format json")).json();
    assert_eq!((&json["state"], &json["rejects"]), (&"partly_rejected".into(), &1.into()));
    let said = server.run("document orders 00000000-0000-8000-8000-000000000000").failed(1);
    assert!(said.contains("has no document 00000000"), "{said}");
}

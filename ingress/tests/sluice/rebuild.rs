//! `sluice rebuild` and `sluice retain`.

use crate::sandbox::Sandbox;
use crate::server::Server;

fn with_orders() -> Server {
    let sandbox = Sandbox::new();
    sandbox.write("sluice.yaml", "tables: {}\n");
    let server = Server::start_in(sandbox, "");
    server.sandbox.write("a.ndjson", "{\"total\":\"x\",\"secret\":1}\n{\"total\":2}\nnot json\n");
    server.run("put orders a.ndjson --wait").ok();
    server
}

#[test]
fn a_rebuild_is_looked_at_first_and_switched_to_when_told() {
    let server = with_orders();
    let settings = "tables: {orders: {columns: {/total: double}, ignore: [/secret]}}\n";
    server.sandbox.write("sluice.yaml", settings);
    let text = server.run("rebuild orders").ok();
    for expected in [
        "1 document of orders replayed into generation 2\n",
        "\ntable   rows before  rows after\norders            2           2\n",
        "/secret",
        "total__string",
        "\nmalformed_json       1      1\n",
        "nothing has changed for anybody yet; to switch: sluice rebuild orders --switch",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert_eq!(server.number("SELECT secret FROM orders WHERE secret IS NOT NULL"), 1);

    let text = server.run("rebuild orders --switch").ok();
    assert!(text.ends_with("switched: people query generation 3\n"), "{text}");
    assert!(text.contains("/secret") && text.contains("total__string"), "{text}");
    assert_eq!(
        server.number("SELECT CAST(total AS bigint) FROM orders WHERE total IS NOT NULL"),
        2
    );
    assert_eq!(server.number("SELECT count(*) FROM sluice_rejects"), 1);
    let said = server.query("", "SELECT secret FROM orders").failed(1);
    assert!(said.contains("secret"), "{said}");

    let json = server.run("rebuild orders --format json").json();
    assert_eq!((&json["state"], &json["generation"]), (&"ready".into(), &4.into()));
    let said = server.run("rebuild none").failed(1);
    assert!(said.contains("there is no table none"), "{said}");
    server.sandbox.write("sluice.yaml", "tables: [\n");
    let said = server.run("rebuild orders").failed(1);
    assert!(said.contains("use settings") && said.contains("sluice.yaml"), "{said}");
}

#[test]
fn retention_removes_what_is_too_old() {
    let server = with_orders();
    assert_eq!(server.run("retain").ok(), "no table has settings, so everything is kept\n");
    // 0 days before today: today is kept.
    let settings = "tables: {orders: {retention: {row_days: 0, document_days: 0}}}\n";
    server.sandbox.write("sluice.yaml", settings);
    let text = server.run("retain").ok();
    let line = text.lines().last().map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(line.as_deref(), Some(&["orders", "0", "0", "0"][..]), "{text}");
    assert_eq!(server.number("SELECT count(*) FROM orders"), 2);
    let json = server.run("retain --format json").json();
    assert_eq!(json["tables"][0]["table"], "orders");
}

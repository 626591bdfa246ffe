//! `sluice query` and `sluice rejects`.

use crate::sandbox::finish;
use crate::server::Server;
use serde_json::json;

fn with_rows() -> Server {
    let server = Server::start();
    let lines = "{\"name\":\"Zoë\\u001b[2J\",\"n\":1.5,\"tags\":[\"a\"]}\n{\"name\":\"\",\"n\":20}\n{\"bad\n";
    server.sandbox.write("a.ndjson", lines);
    server.run("put t a.ndjson --wait").ok();
    server
}

const SQL: &str = "SELECT name, n, tags FROM t ORDER BY n";

#[test]
fn rows_come_in_every_format() {
    let server = with_rows();
    let table = server.query("", SQL).ok();
    let expected = "\
name             n  tags
------------  ----  -----
Zoë\\u{1b}[2J   1.5  [\"a\"]
              20.0
2 rows
";
    assert_eq!(table, expected);

    let answer = server.query("--format json", SQL).json();
    assert_eq!(answer["columns"][1], json!({"name": "n", "type": "double"}));
    assert_eq!(answer["rows"][0], json!({"name": "Zoë\u{1b}[2J", "n": 1.5, "tags": ["a"]}));

    let lines = server.query("--format ndjson", SQL).ok();
    assert_eq!(lines.lines().count(), 2);
    let csv = server.query("--format csv", "SELECT n FROM t ORDER BY n").ok();
    assert_eq!(csv, "n\n1.5\n20.0\n");
}

#[test]
fn sql_is_read_from_standard_input() {
    let server = with_rows();
    for command in ["query -", "query"] {
        let table = finish(server.command(command), b"SELECT count(*) AS n FROM t\n").ok();
        assert_eq!(table, "n\n-\n2\n1 row\n");
    }
}

#[test]
fn what_is_wrong_with_the_sql_is_said_plainly() {
    let server = with_rows();
    for format in ["table", "csv"] {
        let flags = format!("--format {format}");
        let said = server.query(&flags, "SELECT nothing FROM t").failed(1);
        assert!(said.starts_with("error: ") && said.contains("nothing"), "{said}");
        assert!(!said.contains('{'), "{said}");
    }
    let said = server.query("", "DROP TABLE t").failed(1);
    assert!(said.contains("only queries, SHOW, DESCRIBE and EXPLAIN"), "{said}");
}

#[test]
fn rejects_show_why_where_and_what() {
    let server = with_rows();
    let text = server.run("rejects").ok();
    for expected in [
        "t  malformed_json  20",
        "\n  why      ",
        "\n  where    record 2 of document ",
        "\n  content  {\"bad\n",
        "\n1 reject\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let rows = server.run("rejects T --limit 1 --format json").json();
    assert_eq!(rows[0]["content"], "{\"bad");
    assert_eq!(server.run("rejects other").ok(), "no rejects of other\n");
    let fresh = Server::start();
    assert_eq!(fresh.run("rejects").ok(), "no rejects\n");
}

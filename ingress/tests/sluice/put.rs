//! `sluice put` and a server: nothing lost, nothing twice.

use crate::sandbox::ndjson;
use crate::server::Server;
use std::io::Write;

const COUNT: &str = "SELECT count(*) AS n FROM t";
const DISTINCT: &str = "SELECT count(DISTINCT n) AS n FROM t";

fn line(number: u32) -> String {
    format!(r#"{{"n":{number},"text":"{}"}}"#, "x".repeat(number as usize % 40))
}

fn append(server: &Server, name: &str, text: &str) {
    let path = server.sandbox.path(name);
    let mut file = std::fs::File::options().append(true).open(path).expect("open");
    file.write_all(text.as_bytes()).expect("append");
}

/// As many rows as numbers, each once.
fn check_rows(server: &Server, rows: u64) {
    assert_eq!((server.number(COUNT), server.number(DISTINCT)), (rows, rows));
}

#[test]
fn a_repeated_run_adds_nothing() {
    let server = Server::start();
    server.sandbox.write("a.ndjson", ndjson(0..100, line));
    server.sandbox.write("b.json", format!("[{},{}]", line(100), line(101)));
    server.sandbox.write("c.json", line(102));
    let command = "put t a.ndjson b.json c.json --wait --body-size 1KB";
    let first = server.run(command).ok();
    assert!(first.contains(&format!(" sent to t at {}\n", server.endpoint)), "{first}");
    assert!(first.contains("they are 103 rows and 0 rejects now\n"), "{first}");
    check_rows(&server, 103);

    let second = server.run("put t ./a.ndjson --wait --body-size 1KB").ok();
    assert!(second.starts_with("nothing new for t at "), "{second}");
    assert!(second.contains("they are 100 rows and 0 rejects now\n"), "{second}");
    server.run(command).ok();
    check_rows(&server, 103);
}

#[test]
fn a_file_of_lines_that_grew_is_sent_from_where_it_ended() {
    let server = Server::start();
    // Its one line looks like a JSON file at first.
    server.sandbox.write("log", ndjson(0..1, line));
    server.run("put t log --wait").ok();
    for grown in [1..2, 2..100, 100..150, 150..400] {
        append(&server, "log", &ndjson(grown.clone(), line));
        let summary = server.run("put t log --wait --body-size 4KB --format json").json();
        let sent = summary["bytes"].as_u64().expect("bytes");
        let all = ndjson(grown.clone(), line).len() as u64;
        assert!(sent > 0 && sent <= all, "{grown:?}: {summary}");
        check_rows(&server, u64::from(grown.end));
    }
    // Another size of bodies cuts elsewhere and sends nothing.
    for size in ["1KB", "8MB"] {
        let said = server.run(&format!("put t log --body-size {size}")).ok();
        assert!(said.starts_with("nothing new"), "{said}");
    }
    check_rows(&server, 400);
}

#[test]
fn a_line_that_is_being_written_waits_for_its_end() {
    let server = Server::start();
    server.sandbox.write("a.ndjson", format!("{}\n{{\"n\":", line(0)));
    let ran = server.run("put t a.ndjson --wait");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("the last line is cut off"), "{ran:?}");
    append(&server, "a.ndjson", "1}\n");
    server.run("put t a.ndjson --wait").ok();
    check_rows(&server, 2);
    // A last line that is whole is sent, and its line end may come later.
    append(&server, "a.ndjson", &line(2));
    server.run("put t a.ndjson --wait").ok();
    check_rows(&server, 3);
    append(&server, "a.ndjson", &format!("\n{}\n", line(3)));
    server.run("put t a.ndjson --wait").ok();
    check_rows(&server, 4);
    // Blanks are no line.
    append(&server, "a.ndjson", "\n \t");
    let said = server.run("put t a.ndjson").ok();
    assert!(said.starts_with("nothing new"), "{said}");
    // They are sent with the lines before them, and a line may begin behind them.
    for number in 4..7 {
        append(&server, "a.ndjson", &format!("{}\r\n \t", line(number)));
        server.run("put t a.ndjson --wait").ok();
        check_rows(&server, u64::from(number) + 1);
    }
}

#[test]
fn a_rotated_log_is_new_and_a_changed_one_is_told() {
    let server = Server::start();
    server.sandbox.write("log.ndjson", ndjson(0..10, line));
    server.run("put t log.ndjson --wait").ok();
    server.sandbox.write("log.ndjson", ndjson(10..15, line));
    server.run("put t log.ndjson --wait").ok();
    check_rows(&server, 15);

    server.sandbox.write("log.ndjson", ndjson(0..5, line));
    let ran = server.run("put t log.ndjson");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("it is shorter than what was sent of it"), "{ran:?}");
    server.sandbox.write("log.ndjson", format!("{}\n{}\n", line(0), "x".repeat(400)));
    let ran = server.run("put t log.ndjson");
    assert!(ran.stderr.contains("ended here, inside a line of now"), "{ran:?}");
    check_rows(&server, 15);
}

#[test]
fn compressed_on_the_way_is_sent_once_too() {
    let server = Server::start();
    server.sandbox.write("a.ndjson", ndjson(0..500, line));
    server.sandbox.write("b.json", format!("[\n{}\n]", line(500)));
    server.run("put t a.ndjson b.json --gzip --wait").ok();
    check_rows(&server, 501);
    let said = server.run("put t a.ndjson --gzip").ok();
    assert!(said.starts_with("nothing new"), "{said}");
    server.run("put t a.ndjson b.json --wait").ok();
    check_rows(&server, 501);
    append(&server, "a.ndjson", &ndjson(501..502, line));
    let ran = server.run("put t a.ndjson");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("it was sent with --gzip and has grown"), "{ran:?}");
    check_rows(&server, 501);
}

#[test]
fn a_large_array_is_sent_in_runs_of_its_elements() {
    let server = Server::start();
    let elements: Vec<_> = (0..200).map(line).collect();
    server.sandbox.write("a.json", format!("[{}]", elements.join(",\n")));
    let summary =
        server.run("put t a.json --wait --body-size 2KB --connections 3 --format json").json();
    assert!(summary["documents"].as_u64() > Some(2), "{summary}");
    assert_eq!(summary["outcomes"]["rows"], 200);
    check_rows(&server, 200);
}

#[test]
fn streams_and_compressed_files_are_read() {
    let server = Server::start();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(ndjson(0..10, line).as_bytes()).expect("compress");
    server.sandbox.write("a.ndjson.gz", gzip.finish().expect("compress"));
    server.run("put t a.ndjson.gz --wait").ok();
    for _ in 0..2 {
        let text = ndjson(10..30, line);
        crate::sandbox::finish(server.command("put t - --wait"), text.as_bytes()).ok();
    }
    check_rows(&server, 30);
}

#[test]
fn what_the_server_refuses_is_told_and_rejects_are_counted() {
    let server = Server::start();
    server.sandbox.write("broken.json", "{\n\"n\": }");
    server.sandbox.write("open.json", format!("[{},", vec![line(0); 100].join(",")));
    server.sandbox.write("a.ndjson", format!("{}\nnot json\n", line(1)));
    let ran = server.run("put t broken.json a.ndjson --wait");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.starts_with("error: broken.json, byte 0: "), "{ran:?}");
    assert!(ran.stderr.contains("(malformed_json)"), "{ran:?}");
    let expected = "they are 1 row and 1 reject now\n  why: sluice rejects t\n";
    assert!(ran.stdout.contains(expected), "{ran:?}");
    let ran = server.run("put t open.json --body-size 1KB");
    assert!(ran.stderr.contains("the array ends without its ]"), "{ran:?}");
}

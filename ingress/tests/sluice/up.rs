//! `sluice up`: starting, ending, and who may come in.

use crate::sandbox::{Sandbox, finish};
use crate::server::Server;
use std::os::unix::fs::PermissionsExt;

#[test]
fn it_says_where_it_is_and_what_to_try() {
    let server = Server::start();
    let endpoint = &server.endpoint;
    for expected in [
        format!("curl -i {endpoint}/table/orders/object"),
        format!("sluice query 'SELECT * FROM orders' --endpoint {endpoint}\n"),
        "settings  none".to_owned(),
        "sluice-data\n".to_owned(),
    ] {
        assert!(server.banner.contains(&expected), "{expected}\n{}", server.banner);
    }
}

#[test]
fn a_signal_ends_it_in_order_and_nothing_is_lost() {
    let mut sandbox = Sandbox::new();
    for (round, signal) in ["TERM", "INT"].into_iter().enumerate() {
        let server = Server::start_in(sandbox, "");
        server.sandbox.write("a.json", format!("{{\"round\":{round}}}"));
        server.run("put t a.json").ok();
        server.signal(signal);
        let (folder, code, _) = server.ended();
        assert_eq!(code, Some(0), "{signal}");
        sandbox = folder;
    }
    let server = Server::start_in(sandbox, "");
    // What the second run accepted may be normalized only now.
    server.run("put t a.json --wait").ok();
    assert_eq!(server.number("SELECT count(*) AS n FROM t"), 2);
}

#[test]
fn one_server_holds_a_folder_and_one_a_port() {
    let server = Server::start();
    let said = server.sandbox.run("up --listen 127.0.0.1:0").failed(1);
    assert!(said.contains("another process holds "), "{said}");
    assert!(said.contains("if it is a server, use that one or stop it"), "{said}");
    let address = server.endpoint.trim_start_matches("http://");
    let said = server.sandbox.run(&format!("up --listen {address} --data other")).failed(1);
    assert!(said.contains(&format!("error: cannot listen on {address}: ")), "{said}");
    assert!(said.contains("another program listens there"), "{said}");
    assert!(server.run("tables").code == 0, "the first one goes on");
}

#[test]
fn with_tokens_only_holders_come_in() {
    let sandbox = Sandbox::new();
    sandbox.write("tokens", "ada:0123456789abcdef\nbob:fedcba9876543210\n");
    sandbox.write("ada", "ada:0123456789abcdef\n");
    sandbox.write("bare", "fedcba9876543210\n");
    sandbox.write("wrong", "ffffffffffffffff\n");
    sandbox.write("a.json", "{\"a\":1}");
    let said = sandbox.run("up --listen 127.0.0.1:0 --token-file tokens").failed(2);
    assert!(said.contains("chmod 600"), "{said}");
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(sandbox.path("tokens"), mode).expect("chmod");

    let server = Server::start_in(sandbox, "--token-file tokens");
    assert!(server.banner.contains("-H \"Authorization: Bearer $TOKEN\""), "{}", server.banner);
    let said = server.run("tables").failed(1);
    assert!(said.contains("give a token that the server knows with --token-file"), "{said}");
    server.run("tables --token-file wrong").failed(1);
    server.run("put t a.json --wait --token-file ada").ok();
    let mut query = server.command("query");
    query.arg("SELECT _principal FROM t").env("SLUICE_TOKEN_FILE", "bare");
    assert_eq!(finish(query, b"").ok(), "_principal\n----------\nada\n1 row\n");
}

#[test]
fn sluice_yaml_holds_the_servers_settings_and_the_tables() {
    let sandbox = Sandbox::new();
    let yaml =
        "server: {listen: '127.0.0.1:1', data: kept}\ntables: {t: {columns: {/n: double}}}\n";
    sandbox.write("etc/sluice.yaml", yaml);
    sandbox.write("a.json", "{\"n\":1}");
    // The flag for the address comes before the file.
    let server = Server::start_in(sandbox, "--config etc/sluice.yaml");
    assert!(server.sandbox.path("etc/kept").exists(), "{}", server.banner);
    server.run("put t a.json --wait").ok();
    assert_eq!(server.query("--format csv", "SELECT n FROM t").ok(), "n\n1.0\n");

    let sandbox = Sandbox::new();
    sandbox.write("sluice.yaml", "server: {lisen: x}\n");
    let said = sandbox.run("up").failed(2);
    assert!(said.contains("use settings ./sluice.yaml: ") && said.contains("lisen"), "{said}");
}

//! What a server says when it is there.

use super::config::Config;
use crate::text::plain;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where it listens, what it holds, and what to type next.
pub(super) fn text(listens: SocketAddr, config: &Config) -> String {
    let mut out = String::new();
    let endpoint = format!("http://{}", reachable(listens));
    let data = std::path::absolute(&config.data).unwrap_or_else(|_| config.data.clone());
    // Writing to a string cannot fail.
    let _ = writeln!(out, "sluice listens on http://{listens}");
    let _ = writeln!(out, "  data      {}", plain(&data.display().to_string()));
    let _ = match &config.file {
        Some(file) => writeln!(out, "  settings  {}", plain(&file.display().to_string())),
        None => writeln!(out, "  settings  none (there is no sluice.yaml; the defaults hold)"),
    };
    let _ = match &config.token_file {
        Some(file) => writeln!(out, "  tokens    {}", plain(&file.display().to_string())),
        None => writeln!(out, "  tokens    none (open to everyone on this machine)"),
    };
    let _ = writeln!(out, "\nTry it in another terminal:");
    let _ = writeln!(out, "  curl -i {endpoint}/table/orders/object \\");
    if config.token_file.is_some() {
        let _ = writeln!(out, "    -H \"Authorization: Bearer $TOKEN\" \\");
    }
    let _ = writeln!(
        out,
        "    -H 'Content-Type: application/json' -d '{{\"order\":\"A-1\",\"total\":9.5}}'"
    );
    let _ = write!(out, "  sluice query 'SELECT * FROM orders'");
    if endpoint != "http://127.0.0.1:8080" {
        let _ = write!(out, " --endpoint {endpoint}");
    }
    if config.token_file.is_some() {
        let _ = write!(out, " --token-file FILE");
    }
    out.push_str("\n\nCtrl-C stops it.\n");
    out
}

/// An address that a client on this machine can use.
fn reachable(listens: SocketAddr) -> SocketAddr {
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listens.port())
}

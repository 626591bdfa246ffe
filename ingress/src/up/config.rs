//! Where the server's own settings come from: flag, environment, `sluice.yaml`, default.

use super::UpArgs;
use crate::failure::Failure;
use anyhow::{Context, anyhow};
use serde::Deserialize;
use sluice_pipeline::SettingsInForce;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// What a server runs with.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) listen: SocketAddr,
    pub(super) data: PathBuf,
    pub(super) token_file: Option<PathBuf>,
    /// The settings file, if there is one.
    pub(super) file: Option<PathBuf>,
    pub(super) settings: SettingsInForce,
}

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const DATA: &str = "./sluice-data";
const FILE: &str = "./sluice.yaml";

/// The settings file as far as it is the server's.
#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(default)]
    server: Option<Section>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Section {
    listen: Option<String>,
    data: Option<PathBuf>,
    token_file: Option<PathBuf>,
}

impl Config {
    pub(super) fn read(args: &UpArgs) -> Result<Self, Failure> {
        let file = match &args.config {
            Some(path) => Some(path.clone()),
            None => Some(PathBuf::from(FILE)).filter(|path| path.exists()),
        };
        let text = match &file {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("read settings {}", path.display()))
                .map_err(Failure::wrong_usage)?,
            None => String::new(),
        };
        let shown = file.as_deref().unwrap_or(Path::new(FILE)).display().to_string();
        let settings = SettingsInForce::parse(text.clone())
            .with_context(|| format!("use settings {shown}"))
            .map_err(Failure::wrong_usage)?;
        let section = section(&text)
            .with_context(|| format!("use settings {shown}"))
            .map_err(Failure::wrong_usage)?;
        let listen = match (&args.listen, &section.listen) {
            (Some(listen), _) => *listen,
            (None, Some(text)) => parse_listen(text)
                .map_err(|problem| anyhow!("server.listen in {shown}: {problem}"))
                .map_err(Failure::wrong_usage)?,
            (None, None) => LISTEN,
        };
        // What the file names lies beside the file, wherever the server is started.
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let beside = |path: PathBuf| folder.join(path);
        Ok(Config {
            listen,
            data: args
                .data
                .clone()
                .or(section.data.map(beside))
                .unwrap_or_else(|| PathBuf::from(DATA)),
            token_file: args.token_file.clone().or(section.token_file.map(beside)),
            file,
            settings,
        })
    }
}

fn section(text: &str) -> anyhow::Result<Section> {
    if text.trim().is_empty() {
        return Ok(Section::default());
    }
    let file: File = serde_saphyr::from_str(text).context("the section server is not readable")?;
    Ok(file.server.unwrap_or_default())
}

/// Parses `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    local
        .as_deref()
        .unwrap_or(text)
        .parse()
        .map_err(|_| "not an address and a port like 127.0.0.1:8080".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{parse_listen, section};

    #[test]
    fn listening_addresses() {
        for (text, expected) in [
            ("127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("localhost:0", Some("127.0.0.1:0")),
            ("[::1]:8080", Some("[::1]:8080")),
            ("8080", None),
            (":8080", None),
            ("example.com:80", None),
            ("127.0.0.1:99999", None),
        ] {
            let got = parse_listen(text).ok().map(|address| address.to_string());
            assert_eq!(got.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_section_is_read_strictly_and_the_rest_left_alone() {
        let read = section("server: {listen: '127.0.0.1:1', data: d}\ntables: {t: {}}\n");
        let read = read.expect("readable");
        assert_eq!(read.listen.as_deref(), Some("127.0.0.1:1"));
        assert_eq!(read.data.as_deref(), Some(std::path::Path::new("d")));
        assert!(section("tables: {}\n").expect("readable").listen.is_none());
        assert!(section("server:\n").expect("readable").listen.is_none());
        assert!(section("server: {lisen: x}").is_err());
    }
}

//! `sluice up`: the whole platform on one machine.

mod banner;
mod config;

use crate::failure::Failure;
use crate::output;
use crate::stop;
use anyhow::{Context, anyhow};
use clap::Args;
use config::Config;
use sluice_one_machine::{OpenError, PlatformOptions};
use sluice_server::{
    HttpLimits, Server, ServerOptions, SqlLimits, StartError, Tokens, logged_events,
};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Run the platform on this machine: JSON in over HTTP, rows in SQL a moment later.
///
/// Documents are durable before they are answered with 200. Everything is in one folder: what was
/// accepted, the lake of Parquet files, and who holds it; a second server on it is refused. Ctrl-C
/// or SIGTERM ends it in order, ctrl-C twice at once; nothing accepted is lost either way.
///
/// The flags can also stand in sluice.yaml (a section server with listen, data and token_file,
/// paths from the file's folder on); a flag comes before the environment, and that before the file.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  On this machine, data in ./sluice-data; then, in another terminal:
      sluice up
      curl -i http://127.0.0.1:8080/table/orders/object \\
          -H 'Content-Type: application/json' -d '{\"order\":\"A-1\",\"total\":9.5}'
      sluice query 'SELECT * FROM orders'

  Open to the network, for those who have a token:
      (umask 077; echo \"ada:$(openssl rand -hex 32)\" > tokens)
      sluice up --listen 0.0.0.0:8080 --token-file tokens

  The same by sluice.yaml:
      server: {listen: '0.0.0.0:8080', data: /var/lib/sluice, token_file: tokens}

Exit code: 0 stopped in order, 1 failed, 2 wrong usage.")]
pub(crate) struct UpArgs {
    /// Where it listens; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "SLUICE_LISTEN", hide_env_values = true,
          value_parser = config::parse_listen)]
    listen: Option<SocketAddr>,

    /// The folder that holds everything; created if it is missing [default: ./sluice-data]
    #[arg(long, value_name = "DIR", env = "SLUICE_DATA", hide_env_values = true)]
    data: Option<PathBuf>,

    /// Settings of the server and its tables [default: ./sluice.yaml, if there is one]
    #[arg(long, value_name = "sluice.yaml", env = "SLUICE_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,

    /// Who may come in: a file with a line name:token for each, which only you can read; needed to
    /// listen on more than this machine
    #[arg(long, value_name = "FILE", env = "SLUICE_SERVER_TOKENS", hide_env_values = true)]
    token_file: Option<PathBuf>,
}

/// How long after a document's arrival its batch is closed, at most: what is posted together
/// becomes one part, and people still see their row at once.
pub(crate) const LINGER: Duration = Duration::from_millis(500);

/// Runs the command.
pub(crate) fn run(args: &UpArgs) -> Result<ExitCode, Failure> {
    let config = Config::read(args)?;
    let tokens = match &config.token_file {
        Some(path) => Some(Tokens::read(path).map_err(Failure::wrong_usage)?),
        None => None,
    };
    let options = ServerOptions {
        listen: config.listen,
        platform: PlatformOptions {
            data: config.data.clone(),
            settings: config.settings.clone(),
            settings_file: config.file.clone(),
            linger: LINGER,
            events: logged_events(),
        },
        sql: SqlLimits::default(),
        tokens,
        limits: HttpLimits::default(),
    };
    sluice_server::quiet_panics();
    let runtime = tokio::runtime::Runtime::new()
        .context("start the threads of the server")
        .map_err(Failure::failed)?;
    runtime.block_on(async {
        // Before the folder is opened: a signal from now on ends the server in order.
        let stop = stop::Stop::listen()?;
        let server = Server::start(options).await.map_err(|error| explain(error, &config.data))?;
        output::print(&banner::text(server.local_addr(), &config))?;
        server.run(stop.wanted()).await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Adds what to do next to a server that did not start.
pub(crate) fn explain(error: StartError, data: &Path) -> Failure {
    match &error {
        StartError::NeedsTokens { .. } => Failure::wrong_usage(error).next(
            "write a line name:token to a file (umask 077; echo \"ada:$(openssl rand -hex 32)\" > \
             tokens), and give it with --token-file",
        ),
        StartError::Listen { listen, source } => {
            let next = match source.kind() {
                io::ErrorKind::AddrInUse => format!(
                    "another program listens there, maybe another sluice up: stop it, or choose \
                     another port, e.g. --listen {}",
                    SocketAddr::new(listen.ip(), listen.port().wrapping_add(1).max(1_024))
                ),
                io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need rights: choose a higher one with --listen".to_owned()
                }
                io::ErrorKind::AddrNotAvailable => {
                    "this machine has no such address; 127.0.0.1 and 0.0.0.0 always work".to_owned()
                }
                _ => "choose another address with --listen".to_owned(),
            };
            Failure::failed(error).next(next)
        }
        StartError::Platform(OpenError::Held { .. }) => Failure::failed(error).next(
            "one process writes to a folder: if it is a server, use that one or stop it; if it is \
             sluice normalize, wait until it is done; or give another folder with --data",
        ),
        StartError::Platform(OpenError::Newer { .. }) => {
            Failure::failed(error).next("use the sluice that wrote it, or a newer one")
        }
        StartError::Platform(OpenError::Port(_) | OpenError::Lake(_) | OpenError::Start { .. }) => {
            let context = anyhow!(error).context(format!("open {}", data.display()));
            Failure::failed(context).next("check that the folder can be written and has room")
        }
        StartError::Sql(_) => Failure::failed(error).next("this is a bug in sluice"),
    }
}

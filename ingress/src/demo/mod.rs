//! `sluice demo`: the whole way from a posted document to rows, in seconds and without a trace.

mod journey;

use crate::client::{Client, Endpoint};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::up;
use anyhow::{Context, anyhow};
use clap::Args;
use journey::Journey;
use sluice_one_machine::{EventSink, Platform, PlatformOptions};
use sluice_pipeline::SettingsInForce;
use sluice_server::{HttpLimits, SqlLimits, router};
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// See in seconds what Sluice does: documents posted, rows asked for, nothing lost.
///
/// Starts a server on a free port of this machine, in a temporary folder, posts a few documents of
/// differing shape over HTTP, and shows what becomes of them, with the commands to do the same
/// yourself. The server ends and the folder goes when it is done.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
      sluice demo
      sluice demo --keep demo-data
      sluice up --data demo-data

Exit code: 0 done, 1 failed, 2 wrong usage.")]
pub(crate) struct DemoArgs {
    /// Work in this folder, which must be new or empty, and leave it there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// How long the server may take to end once the show is over.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the command.
pub(crate) fn run(args: &DemoArgs) -> Result<ExitCode, Failure> {
    // Removed when this function ends, whatever the reason.
    let temporary;
    let folder: &Path = match &args.keep {
        Some(folder) => {
            check_empty(folder)?;
            folder
        }
        None => {
            temporary = tempfile::Builder::new()
                .prefix("sluice-demo-")
                .tempdir()
                .context("make a temporary folder")
                .map_err(Failure::failed)?;
            temporary.path()
        }
    };
    let runtime = tokio::runtime::Runtime::new()
        .context("start the threads of the server")
        .map_err(Failure::failed)?;
    let shown = runtime.block_on(show(folder, args.keep.as_deref()));
    // A request that still runs after an interruption is not waited for.
    runtime.shutdown_timeout(END_TIMEOUT);
    shown.map(|()| ExitCode::SUCCESS)
}

fn check_empty(folder: &Path) -> Result<(), Failure> {
    let refuse = |problem: String| {
        let error = anyhow!("--keep {} {problem}", folder.display());
        Err(Failure::wrong_usage(error).next("give a folder that is new or empty"))
    };
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => refuse("is not empty".to_owned()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => refuse(format!("cannot be used: {error}")),
    }
}

/// The server of `sluice up` without its log, for as long as the journey takes.
async fn show(folder: &Path, keep: Option<&Path>) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let settings = SettingsInForce::parse(String::new())
        .context("use no settings")
        .map_err(Failure::failed)?;
    let data = folder.to_owned();
    let options = PlatformOptions {
        data,
        settings,
        settings_file: None,
        linger: up::LINGER,
        events: EventSink::none(),
    };
    let platform = Platform::open(options).map_err(|error| up::explain(error.into(), folder))?;
    let shown = serve(&platform, stop, keep).await;
    platform.close();
    shown
}

async fn serve(platform: &Platform, stop: Stop, keep: Option<&Path>) -> Result<(), Failure> {
    let routes = router(platform.clone(), SqlLimits::default(), None, HttpLimits::default())
        .context("start the SQL engine")
        .map_err(Failure::failed)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .context("listen on this machine")
        .map_err(Failure::failed)?;
    let address =
        listener.local_addr().context("listen on this machine").map_err(Failure::failed)?;
    let endpoint = Endpoint::parse(&format!("http://{address}"))
        .map_err(|problem| Failure::failed(anyhow!(problem)))?;

    let (over, is_over) = oneshot::channel::<()>();
    let server = axum::serve(listener, routes).with_graceful_shutdown(async move {
        let _ = is_over.await;
    });
    let server = tokio::spawn(server.into_future());
    let journey = Journey::new(Client::new(endpoint, None, 1), keep.map(Path::to_owned));
    let shown = tokio::select! {
        shown = tokio::task::spawn_blocking(move || journey.show()) => shown
            .unwrap_or_else(|_panic| Err(Failure::failed(anyhow!("the demo stopped unexpectedly")))),
        () = stop.wanted() => Err(Failure::failed(anyhow!("interrupted"))),
    };
    drop(over);
    // What does not end in time ends with the runtime.
    let _ = tokio::time::timeout(END_TIMEOUT, server).await;
    shown
}

//! Servers to test: a folder of their own each, a port from the kernel, loopback only.

use crate::client::{Answer, Client};
use axum::Router;
use sluice_one_machine::{EventSink, Platform, PlatformOptions};
use sluice_pipeline::SettingsInForce;
use sluice_server::{HttpLimits, Server, ServerOptions, SqlLimits, Tokens, router};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long anything may take before a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The token of servers with tokens, and whose it is.
pub(crate) const TOKEN: &str = "not-a-secret-0123456789";
pub(crate) const HOLDER: &str = "tester";

pub(crate) fn tokens() -> Tokens {
    Tokens::parse(&format!("{HOLDER}:{TOKEN}\nother:{TOKEN}-of-another")).unwrap()
}

pub(crate) fn platform_options(folder: &TempDir) -> PlatformOptions {
    PlatformOptions {
        data: folder.path().join("data"),
        settings: SettingsInForce::parse(String::new()).unwrap(),
        settings_file: None,
        linger: Duration::from_millis(20),
        events: EventSink::none(),
    }
}

pub(crate) fn options(folder: &TempDir) -> ServerOptions {
    ServerOptions {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        platform: platform_options(folder),
        sql: SqlLimits::default(),
        tokens: None,
        limits: HttpLimits::default(),
    }
}

/// A router over an open platform.
pub(crate) struct InProcess {
    pub(crate) router: Router,
    pub(crate) platform: Platform,
    _folder: TempDir,
}

impl InProcess {
    pub(crate) fn open(tokens: Option<Tokens>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let platform = Platform::open(platform_options(&folder)).unwrap();
        let limits = HttpLimits::default();
        let router = router(platform.clone(), SqlLimits::default(), tokens, limits).unwrap();
        InProcess { router, platform, _folder: folder }
    }

    pub(crate) async fn close(self) {
        drop(self.router);
        self.platform.close();
    }
}

/// A running server.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) ended: JoinHandle<()>,
    _folder: TempDir,
}

impl Running {
    pub(crate) async fn start(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(&folder);
        change(&mut options);
        let server = Server::start(options).await.unwrap();
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Running { address, stop, ended, _folder: folder }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    /// One request on a connection of its own.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let mut client = self.connect().await;
        client.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        client.answer().await
    }

    /// Waits until a figure is as wanted.
    pub(crate) async fn until(&self, metric: &str, wanted: impl Fn(f64) -> bool) {
        let begun = Instant::now();
        loop {
            let text = self.get("/metrics").await.text();
            let value = text.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
            let value = value.map_or(0.0, |value| value.parse().unwrap());
            if wanted(value) {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "{metric} stays {value}");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap();
    }
}

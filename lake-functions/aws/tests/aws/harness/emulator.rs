//! Servers that stand in for AWS: started once by the test binary, ended with it.

use sluice_aws::Aws;
use sluice_pipeline::ContentHash;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// Emulators that were tried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emulator {
    Moto,
    Ministack,
}

const READY_WITHIN: Duration = Duration::from_secs(120);
const STARTS_MAX: u32 = 3;

impl Emulator {
    /// The server, started by whoever asks first.
    pub(crate) fn server(self) -> &'static Server {
        static MOTO: OnceLock<Server> = OnceLock::new();
        static MINISTACK: OnceLock<Server> = OnceLock::new();
        let cell = match self {
            Emulator::Moto => &MOTO,
            Emulator::Ministack => &MINISTACK,
        };
        cell.get_or_init(|| Server::start(self))
    }

    /// Clients of the server. They belong to the runtime they are made in.
    pub(crate) async fn aws(self) -> Aws {
        Aws::emulator(&self.server().endpoint).await
    }

    fn command(self, python: &Path, port: u16) -> Command {
        let mut command = Command::new(python);
        command.arg("-c").arg(include_str!("guard.py")).arg(python);
        match self {
            Emulator::Moto => {
                let port = port.to_string();
                command.args(["-m", "moto.server", "--host", "127.0.0.1", "--port", &port])
            }
            Emulator::Ministack => command
                .args(["-m", "ministack"])
                .env("BIND_HOST", "127.0.0.1")
                .env("GATEWAY_PORT", port.to_string())
                .env("IOT_MTLS_ENABLED", "0")
                .env("SFTP_ENABLED", "0")
                .env("LAMBDA_EXECUTOR", "local")
                .env("MINISTACK_REGION", "eu-central-1"),
        };
        command
    }

    fn ready_path(self) -> &'static str {
        match self {
            Emulator::Moto => "/moto-api/",
            Emulator::Ministack => "/_ministack/health",
        }
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    // Held for its standard input, whose end ends the server.
    _guard: Child,
    _log: tempfile::TempDir,
}

impl Server {
    fn start(emulator: Emulator) -> Self {
        let python = python();
        for _ in 0..STARTS_MAX {
            if let Some(server) = Server::try_start(emulator, &python) {
                return server;
            }
        }
        panic!("{emulator:?} did not start in {STARTS_MAX} tries");
    }

    /// None when the port was taken by another process meanwhile.
    fn try_start(emulator: Emulator, python: &Path) -> Option<Self> {
        let port = free_port();
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("log");
        let log = fs::File::create(&path).expect("create log");
        let mut guard = emulator
            .command(python, port)
            .env("TMPDIR", folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("the log twice"))
            .stderr(log)
            .spawn()
            .expect("start python");
        let started = Instant::now();
        while !answers(port, emulator.ready_path()) {
            let told = || fs::read_to_string(&path).unwrap_or_default();
            if guard.try_wait().expect("look at the server").is_some() {
                let told = told();
                assert!(told.contains("in use"), "{emulator:?} ended:\n{told}");
                return None;
            }
            assert!(started.elapsed() < READY_WITHIN, "{emulator:?} is not ready:\n{}", told());
            thread::sleep(Duration::from_millis(50));
        }
        let endpoint = format!("http://127.0.0.1:{port}");
        Some(Server { endpoint, _guard: guard, _log: folder })
    }
}

/// A port that is free now, chosen by the kernel.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

fn answers(port: u16, path: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    let mut answer = [0; 12];
    stream.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
        && stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer.ends_with(b" 200")
}

/// The Python that `scripts/aws-emulators` installed them for. A test without its emulator fails.
fn python() -> PathBuf {
    let requirements =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/aws-emulators.txt");
    let pinned = fs::read(requirements).expect("read scripts/aws-emulators.txt");
    // The name that scripts/venv gives.
    let hash = ContentHash::sha256(&pinned).to_string();
    let suffix = format!("-{}", &hash[..16]);
    let cache = std::env::var_os("SLUICE_CACHE").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/sluice")
    });
    let mut found: Vec<PathBuf> = fs::read_dir(&cache)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("aws-emulators-") && name.ends_with(&suffix)
        })
        .collect();
    found.sort();
    let Some(environment) = found.pop() else {
        panic!("the AWS emulators are not in {}: run scripts/aws-emulators", cache.display());
    };
    environment.join("bin/python")
}

//! The server: opened, run, closed.

use crate::front::Front;
use crate::limits::HttpLimits;
use crate::log;
use crate::routes::routes;
use crate::sql::Sql;
use crate::tokens::Tokens;
use crate::wire::Connections;
use sluice_one_machine::{OpenError, Platform, PlatformOptions};
use sluice_sql::{SqlError, SqlLimits};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// How a server runs.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where it listens; port 0 lets the kernel choose.
    pub listen: SocketAddr,
    /// What is behind it.
    pub platform: PlatformOptions,
    /// What queries may take.
    pub sql: SqlLimits,
    /// Who may come in; none for everybody, which only a loopback address allows.
    pub tokens: Option<Tokens>,
    /// What clients may take.
    pub limits: HttpLimits,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It would be open to the network.
    #[error(
        "{listen} can be reached from the network, so callers need tokens: give a token file, or \
         listen on 127.0.0.1"
    )]
    NeedsTokens {
        /// Where it should have listened.
        listen: SocketAddr,
    },
    /// The address cannot be had.
    #[error("cannot listen on {listen}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The folder cannot be used.
    #[error(transparent)]
    Platform(#[from] OpenError),
    /// The SQL engine cannot start.
    #[error("cannot start the SQL engine")]
    Sql(#[source] SqlError),
}

/// An open platform behind a bound socket.
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    platform: Platform,
    front: Arc<Front>,
}

impl Server {
    /// Binds, opens the platform and starts the SQL engine. Connections wait until
    /// [`Server::run`].
    ///
    /// # Errors
    /// [`StartError`]; nothing is left open then.
    pub async fn start(options: ServerOptions) -> Result<Self, StartError> {
        let listen = options.listen;
        if options.tokens.is_none() && !listen.ip().to_canonical().is_loopback() {
            return Err(StartError::NeedsTokens { listen });
        }
        let unbound = |source| StartError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(unbound)?;
        let local_addr = listener.local_addr().map_err(unbound)?;
        let platform = Platform::open(options.platform)?;
        let sql = match Sql::new(platform.lake_root(), options.sql) {
            Ok(sql) => sql,
            Err(error) => {
                platform.close();
                return Err(StartError::Sql(error));
            }
        };
        let front = Front::new(platform.clone(), sql, options.tokens, options.limits);
        Ok(Server { listener, local_addr, platform, front: Arc::new(front) })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `stop`. Then no new connection is accepted, running requests end within
    /// [`HttpLimits::stop_timeout`], and the platform is closed.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Server { listener, local_addr, platform, front } = self;
        log::event("listening", &[("address", local_addr.to_string())]);
        let (limits, figures) = (front.limits, front.figures.clone());
        let connections = Connections::new(routes(front), limits, figures);
        connections.serve(listener, stop).await;
        // It waits for threads; the runtime has others.
        let closed = tokio::task::spawn_blocking(move || platform.close()).await;
        drop(closed);
        log::event("stopped", &[]);
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("local_addr", &self.local_addr).finish_non_exhaustive()
    }
}

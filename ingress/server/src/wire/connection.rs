//! All connections of a server.

use super::lingering::Lingering;
use super::stall::Stall;
use crate::limits::{ACCEPT_PAUSE, HEAD_BYTES_MAX, HttpLimits};
use crate::log;
use crate::metrics::HttpFigures;
use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::EXPECT;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::pin::pin;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::Service;

/// Accepts connections and serves each in a task of its own.
pub(crate) struct Connections {
    router: Router,
    limits: HttpLimits,
    figures: HttpFigures,
}

impl Connections {
    pub(crate) fn new(router: Router, limits: HttpLimits, figures: HttpFigures) -> Self {
        Connections { router, limits, figures }
    }

    /// Serves until `stop`; then lets running requests end, in bounded time.
    pub(crate) async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let turns = Arc::new(Semaphore::new(self.limits.connections_max));
        let (stopping, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            // A turn before the connection: those without one wait in the kernel's queue.
            let next = async {
                let turn = Arc::clone(&turns).acquire_owned().await;
                (turn, listener.accept().await)
            };
            tokio::select! {
                () = &mut stop => break,
                (turn, accepted) = next => match accepted {
                    Ok((stream, _)) => {
                        let connection = self.figures.connection();
                        let served = self.connection(stream, stopped.clone());
                        tasks.spawn(async move {
                            served.await;
                            drop((turn, connection));
                        });
                    }
                    Err(error) => {
                        log::event("accept_failed", &[("error", error.to_string())]);
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = tasks.join_next() => {}
            }
        }
        drop(listener);
        stopping.send_replace(true);
        let all = async { while tasks.join_next().await.is_some() {} };
        if timeout(self.limits.stop_timeout, all).await.is_err() {
            log::event("requests_cut", &[("connections", tasks.len().to_string())]);
            tasks.shutdown().await;
        }
    }

    /// One connection, to its end.
    fn connection(
        &self,
        stream: TcpStream,
        mut stopped: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let router = self.router.clone();
        let limits = self.limits;
        async move {
            // Without it small answers wait for a delayed acknowledgement.
            let _ = stream.set_nodelay(true);
            let service = service_fn(move |request: Request<Incoming>| {
                let waits = request.headers().contains_key(EXPECT);
                let request = request.map(|body| Body::new(Lingering::new(body, waits)));
                // A router is always ready.
                router.clone().call(request)
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.head_timeout)
                .max_buf_size(HEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(Stall::new(stream, limits.write_stall)), service);
            let mut connection = pin!(connection);
            let stop =
                async { stopped.wait_for(|&stopped| stopped).await.map(drop).unwrap_or_default() };
            // Errors are the client's: it left, was too slow, or sent no HTTP.
            tokio::select! {
                _ = connection.as_mut() => {}
                () = stop => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
        }
    }
}

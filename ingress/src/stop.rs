//! Ctrl-C and SIGTERM: once to stop in order, ctrl-C twice to stop at once.

use crate::failure::Failure;
use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a server, heard from the moment this is made.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// Takes the signals over. Within a runtime.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let hear = |kind| signal(kind).context("listen for signals").map_err(Failure::failed);
        Ok(Stop {
            interrupt: hear(SignalKind::interrupt())?,
            terminate: hear(SignalKind::terminate())?,
        })
    }

    /// Waits for either. From then on another ctrl-C ends the process as it stands.
    pub(crate) async fn wanted(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        tokio::spawn(async move {
            self.interrupt.recv().await;
            std::process::exit(1);
        });
    }
}

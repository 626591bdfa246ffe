//! The FIFO queue as a port.

use super::Ports;
use crate::limits::DEDUPLICATION_MS;
use sluice_pipeline::{BatchMessage, Delivery, PortError, Receipt, WorkQueue};
use std::time::Duration;

impl WorkQueue for Ports {
    async fn send(&self, message: &BatchMessage) -> Result<(), PortError> {
        let about = format!("{}.{}", message.batch, message.send);
        let (message, lane) = (message.clone(), self.lane);
        let send = move |state: &mut crate::world::State| {
            state.check_lane(&message, lane);
            if let Some(sent_ms) = state.fifo.last_sent_ms(&message).filter(|_| message.send > 0) {
                let soon = state.now_ms < sent_ms + DEDUPLICATION_MS;
                state.came_up(match soon {
                    true => "batch sent again within five minutes",
                    false => "batch sent again after five minutes",
                });
            }
            if !state.fifo.send(&message, lane, state.now_ms) {
                state.came_up("message dropped as a repetition");
            }
        };
        self.world.call("queue", "send", &about, send).await
    }

    async fn receive(&self) -> Result<Option<Delivery>, PortError> {
        let receive =
            |state: &mut crate::world::State| state.fifo.receive(state.now_ms, &mut state.random);
        self.world.call("queue", "receive", "", receive).await
    }

    async fn delete(&self, receipt: &Receipt) -> Result<(), PortError> {
        let of = receipt.clone();
        let delete = move |state: &mut crate::world::State| {
            if let Some(message) = state.fifo.delete(&of) {
                state.check_deleted(&message);
            }
        };
        self.world.call("queue", "delete", &receipt.0, delete).await
    }

    async fn release(&self, receipt: &Receipt, delay: Duration) -> Result<(), PortError> {
        let of = receipt.clone();
        let delay_ms = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
        let release = move |state: &mut crate::world::State| {
            let now_ms = state.now_ms;
            state.fifo.release(&of, now_ms.saturating_add(delay_ms), now_ms);
        };
        self.world.call("queue", "release", &receipt.0, release).await
    }
}

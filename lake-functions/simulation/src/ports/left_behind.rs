//! Dead letters and open batches as ports.

use super::Ports;
use crate::world::State;
use sluice_normalizer::BatchId;
use sluice_pipeline::{
    DeadLetter, DeadLetters, OpenBatch, OpenBatches, OpenPage, PortError, Receipt,
};

/// Batches a page.
const PAGE: usize = 2;

impl DeadLetters for Ports {
    async fn list(&self, max: usize) -> Result<Vec<DeadLetter>, PortError> {
        let list = move |state: &mut State| {
            state.fifo.dead().iter().take(max).cloned().collect::<Vec<_>>()
        };
        self.world.call("dead letters", "list", "", list).await
    }

    async fn delete(&self, receipt: &Receipt) -> Result<(), PortError> {
        let of = receipt.clone();
        let delete = move |state: &mut State| {
            let Some(message) = state.fifo.delete_dead(&of) else { return };
            state.check_deleted(&message);
            let row = state.ledger.batches.get(&message.batch);
            if row.is_some_and(|row| row.parts.is_none()) {
                let what = format!("the dead letter of open batch {} is deleted", message.batch);
                state.violated("D5", what);
            }
        };
        self.world.call("dead letters", "delete", &receipt.0, delete).await
    }
}

impl OpenBatches for Ports {
    async fn open_batches(
        &self,
        made_before_ms: i64,
        from: Option<&str>,
    ) -> Result<OpenPage, PortError> {
        let after = from.map(str::to_owned);
        let list = move |state: &mut State| {
            let known =
                |id: &BatchId| after.as_ref().is_none_or(|after| id.as_str() > after.as_str());
            let open = state.ledger.open().filter(|row| row.made_at_ms < made_before_ms);
            let mut batches: Vec<_> = open
                .map(|row| OpenBatch {
                    table: row.batch.table.clone(),
                    generation: row.batch.generation,
                    id: row.batch.id.clone(),
                })
                .filter(|open| known(&open.id))
                .collect();
            let more = batches.len() > PAGE;
            batches.truncate(PAGE);
            let next = batches.last().filter(|_| more).map(|open| open.id.to_string());
            OpenPage { batches, next }
        };
        self.world.call("ledger", "open batches", "", list).await
    }
}

//! One query on its way: plan, run, write.

use crate::catalog::{LakeCatalogs, PartReaders, find_damaged};
use crate::error::SqlError;
use crate::format::{ResultFormat, Writer};
use crate::limits::CHUNK_BYTES;
use crate::session::Sessions;
use crate::statement;
use bytes::Bytes;
use datafusion::common::DataFusionError;
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use sluice_one_machine::Snapshot;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// What a query says to who waits for its answer.
pub(crate) enum Piece {
    Bytes(Bytes),
    Failed(SqlError),
    /// All is said; without it the answer is incomplete.
    End,
}

/// Nobody waits any more.
struct Gone;

/// A query that has its turn.
pub(crate) struct Running {
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) lake_root: Arc<Path>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) sql: String,
    pub(crate) format: ResultFormat,
    /// Given back when the task is really over, and not when nobody waits any more: what cannot
    /// be interrupted at once still counts.
    pub(crate) _turn: OwnedSemaphorePermit,
}

impl Running {
    pub(crate) async fn run(self, answer: mpsc::Sender<Piece>) {
        let last = match self.write(&answer).await {
            Ok(Ok(())) => Piece::End,
            Ok(Err(Gone)) => return,
            Err(error) => Piece::Failed(error),
        };
        // Whoever sees the end may ask again at once.
        drop(self);
        let _ = answer.send(last).await;
    }

    async fn write(&self, answer: &mpsc::Sender<Piece>) -> Result<Result<(), Gone>, SqlError> {
        let statement = statement::parse(&self.sql)?;
        let readers = Arc::new(PartReaders::new(Arc::clone(&self.sessions.part_readers)));
        let catalogs = LakeCatalogs::new(Arc::clone(&self.snapshot), Arc::clone(&readers));
        match self.rows(statement, catalogs, answer).await {
            Ok(sent) => Ok(sent),
            Err(error) => Err(self.error(error, &readers).await),
        }
    }

    async fn rows(
        &self,
        statement: Statement,
        catalogs: LakeCatalogs,
        answer: &mpsc::Sender<Piece>,
    ) -> Result<Result<(), Gone>, DataFusionError> {
        let mut rows = self.sessions.start(statement, catalogs).await?;
        let mut writer = Writer::new(self.format, &rows.schema())?;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            let mut row = 0;
            while row < batch.num_rows() {
                row = writer.rows(&batch, row)?;
                if writer.bytes() >= CHUNK_BYTES && send(answer, writer.take()).await.is_err() {
                    return Ok(Err(Gone));
                }
            }
        }
        Ok(send(answer, writer.finish()?).await)
    }

    async fn error(&self, error: DataFusionError, readers: &PartReaders) -> SqlError {
        match self.sessions.error(error) {
            SqlError::Engine(source) => {
                match find_damaged(&self.lake_root, readers.opened()).await {
                    Some(part) => SqlError::Lake { part, source },
                    None => SqlError::Engine(source),
                }
            }
            error => error,
        }
    }
}

async fn send(answer: &mpsc::Sender<Piece>, bytes: Vec<u8>) -> Result<(), Gone> {
    answer.send(Piece::Bytes(bytes.into())).await.map_err(|_| Gone)
}

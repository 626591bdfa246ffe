//! An answer as a stream of bytes, and the task that makes it.

mod running;

pub(crate) use running::Running;

use crate::error::SqlError;
use crate::limits::CHUNKS_WAITING;
use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt};
use running::Piece;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};

/// The answer to a query: a stream of its bytes. After an error it ends, and what was sent before
/// is incomplete. Dropping it cancels the query.
pub struct QueryResult {
    /// What the bytes are, for `Content-Type`.
    pub content_type: &'static str,
    first: Option<Bytes>,
    pieces: mpsc::Receiver<Piece>,
    query: JoinHandle<()>,
    clock: JoinHandle<()>,
    timeout: Duration,
    memory_bytes: usize,
    /// The query's task is over, by `abort`.
    cancelled: bool,
    ended: bool,
}

impl QueryResult {
    /// Starts the query on `queries`; `clock` cancels it after `timeout`.
    pub(crate) fn start(
        running: Running,
        queries: &Handle,
        clock: &Handle,
        timeout: Duration,
    ) -> Self {
        let (sender, pieces) = mpsc::channel(CHUNKS_WAITING);
        let content_type = running.format.content_type();
        let memory_bytes = running.sessions.memory_bytes;
        let query = queries.spawn(running.run(sender));
        let cancel = query.abort_handle();
        let clock = clock.spawn(async move {
            tokio::time::sleep(timeout).await;
            cancel.abort();
        });
        QueryResult {
            content_type,
            first: None,
            pieces,
            query,
            clock,
            timeout,
            memory_bytes,
            cancelled: false,
            ended: false,
        }
    }

    /// Waits for the first bytes.
    pub(crate) async fn with_first_bytes(mut self) -> Result<Self, SqlError> {
        self.first = self.next().await.transpose()?;
        Ok(self)
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, SqlError>>> {
        // The clock first: a query that does not yield cannot say that it was cancelled.
        match self.clock.poll_unpin(context) {
            Poll::Ready(Ok(())) => {
                return Poll::Ready(Some(Err(SqlError::TimedOut { timeout: self.timeout })));
            }
            Poll::Ready(Err(_)) => return Poll::Ready(Some(Err(SqlError::Stopped))),
            Poll::Pending => {}
        }
        match self.pieces.poll_recv(context) {
            Poll::Ready(Some(Piece::Bytes(bytes))) => Poll::Ready(Some(Ok(bytes))),
            Poll::Ready(Some(Piece::Failed(error))) => Poll::Ready(Some(Err(error))),
            Poll::Ready(Some(Piece::End)) => Poll::Ready(None),
            Poll::Ready(None) => self.poll_gone(context),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl QueryResult {
    /// The task is gone without a last word: it panicked, or was cancelled by the clock or with the
    /// whole engine. The clock tells these two apart, and may need another moment for that.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, SqlError>>> {
        if self.cancelled {
            return Poll::Pending;
        }
        match ready!(Pin::new(&mut self.query).poll(context)) {
            Err(error) if error.is_cancelled() => {
                self.cancelled = true;
                Poll::Pending
            }
            Err(error) => Poll::Ready(Some(Err(self.panicked(error)))),
            Ok(()) => Poll::Ready(Some(Err(SqlError::Stopped))),
        }
    }

    /// Some of Arrow's kernels panic where a column of a batch would have more than 2 GB of text.
    fn panicked(&self, error: JoinError) -> SqlError {
        if error.to_string().contains("offset overflow") {
            return SqlError::TooMuchMemory { memory_bytes: self.memory_bytes };
        }
        SqlError::Engine(Box::new(error))
    }
}

impl Stream for QueryResult {
    type Item = Result<Bytes, SqlError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let piece = self.poll_piece(context);
        if let Poll::Ready(None | Some(Err(_))) = piece {
            self.ended = true;
            self.query.abort();
            self.clock.abort();
        }
        piece
    }
}

impl Drop for QueryResult {
    fn drop(&mut self) {
        self.query.abort();
        self.clock.abort();
    }
}

impl fmt::Debug for QueryResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryResult")
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

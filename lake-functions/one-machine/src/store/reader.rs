//! The threads that read, each with a connection of its own.

use super::connection;
use super::fault::Fault;
use super::jobs::Jobs;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use tokio::sync::oneshot;

/// One question, answered from one moment's state.
pub(super) trait ReadJob: Send {
    /// Finds the answer and gives it; says whether the connection is still good.
    fn run(self: Box<Self>, connection: Result<&Connection, Fault>) -> bool;
}

pub(super) type ReadJobs = Jobs<Box<dyn ReadJob>>;

/// A [`ReadJob`] that calls a function.
pub(super) struct Read<T, F> {
    work: F,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T, F> Read<T, F> {
    pub(super) fn new(work: F, reply: oneshot::Sender<Result<T, Fault>>) -> Self {
        Read { work, reply }
    }
}

impl<T, F> ReadJob for Read<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Fault> + Send,
{
    fn run(self: Box<Self>, connection: Result<&Connection, Fault>) -> bool {
        let Read { work, reply } = *self;
        if reply.is_closed() {
            return true;
        }
        let answer = connection.and_then(|connection| at_one_moment(connection, work));
        let good = !answer.as_ref().is_err_and(Fault::spoils_connection);
        // Nobody may be waiting any more.
        let _ = reply.send(answer);
        good
    }
}

/// Answers questions until the queue has ended.
pub(super) fn run(path: &Path, jobs: &ReadJobs) {
    let mut kept = None;
    while let Some(taken) = jobs.take(1, usize::MAX) {
        for job in taken.jobs {
            let connection = match kept.take() {
                Some(connection) => Ok(connection),
                None => connection::open_reader(path),
            };
            // A panic is told by the hook; the caller finds its answer gone, and nothing of the
            // connection is used again.
            let good = catch_unwind(AssertUnwindSafe(|| {
                job.run(connection.as_ref().map_err(Clone::clone))
            }));
            if let (Ok(true), Ok(connection)) = (good, connection) {
                kept = Some(connection);
            }
        }
        jobs.give_back(taken.held);
    }
}

/// All statements of `work` see the same state.
pub(super) fn at_one_moment<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    // Nothing is written: its end cannot fail to do anything.
    let moment = connection.unchecked_transaction()?;
    work(&moment)
}

//! Futures that are polled one at a time, by a scheduler that decides whose turn it is.

use sluice_normalizer::BatchId;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// What a task is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Dispatcher,
    Worker,
    Redrive,
    Sweep,
    Rebuild,
}

pub(crate) struct Task {
    /// Counted from 1 in a run.
    pub(crate) number: u32,
    pub(crate) role: Role,
    /// The batch that a worker has.
    pub(crate) batch: Option<BatchId>,
    /// Not polled until it is thawed.
    pub(crate) frozen: bool,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}-{}", self.role, self.number)
    }
}

#[derive(Default)]
pub(crate) struct Tasks {
    all: Vec<Task>,
    started: u32,
}

impl Tasks {
    pub(crate) fn start(
        &mut self,
        role: Role,
        future: impl Future<Output = ()> + 'static,
    ) -> &mut Task {
        self.started += 1;
        let task = Task {
            number: self.started,
            role,
            batch: None,
            frozen: false,
            future: Box::pin(future),
        };
        self.all.push(task);
        let place = self.all.len() - 1;
        &mut self.all[place]
    }

    pub(crate) fn running(&self, role: Role) -> usize {
        self.all.iter().filter(|task| task.role == role && !task.frozen).count()
    }

    /// Whether a worker has the batch, frozen or not.
    pub(crate) fn have(&self, batch: &BatchId) -> bool {
        self.all.iter().any(|task| task.batch.as_ref() == Some(batch))
    }

    /// Places of the tasks that are frozen, or of those that are not.
    pub(crate) fn places(&self, frozen: bool) -> Vec<usize> {
        (0..self.all.len()).filter(|&place| self.all[place].frozen == frozen).collect()
    }

    pub(crate) fn at(&mut self, place: usize) -> &mut Task {
        &mut self.all[place]
    }

    /// Drops the task where it is.
    pub(crate) fn kill(&mut self, place: usize) {
        self.all.remove(place);
    }

    /// Lets a task go on to its next call.
    pub(crate) fn poll(&mut self, place: usize) {
        let mut context = Context::from_waker(Waker::noop());
        if self.all[place].future.as_mut().poll(&mut context).is_ready() {
            self.all.remove(place);
        }
    }
}

/// Lets the scheduler decide what happens next.
pub(crate) async fn turn() {
    let mut asked = false;
    std::future::poll_fn(move |context| {
        if asked {
            return Poll::Ready(());
        }
        asked = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

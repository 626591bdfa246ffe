//! What the functions around the use cases do with them: the shells of the Lambda binaries.

use crate::limits::{
    DEAD_LETTERS_MAX, GRACE_MS, OPEN_FOR_MS, REBUILD_STEPS_MAX, SECOND_MS, SWEEP_BACK_MS,
};
use crate::ports::Ports;
use crate::protocol::Protocol;
use crate::world::State;
use crate::world::events::Announced;
use sluice_normalizer::TableName;
use sluice_pipeline::{
    BatchMessage, DeadLetters, Delivery, DispatchLimits, Disposition, DocumentHead, IngressStore,
    Intent, Next, NormalizeError, Normalizer, PortError, RebuildError, Rebuilder, SettingsInForce,
    WorkQueue, clear_rejects, dispatch, end_if_given_up, forward, redrive, sweep_batches,
    sweep_documents,
};
use std::time::Duration;

/// After a failure the message comes again soon, so that its table does not wait for long.
const RETRY: Duration = Duration::from_secs(5);

/// Takes announcements; those that it could not use come again.
pub(crate) async fn dispatcher(ports: Ports, events: Vec<Announced>, limits: DispatchLimits) {
    let (mut heads, mut taken) = (Vec::new(), Vec::new());
    for event in events {
        if let Ok(Some(document)) = ports.get(&event.document).await {
            heads.push(document.head);
            taken.push(event.receipt);
        }
    }
    if dispatch(&ports, &ports, &heads, &limits).await.is_err() {
        return;
    }
    for receipt in taken {
        let delete = move |state: &mut State| state.events.delete(receipt);
        // If it fails they come again, which is harmless.
        let _ = ports.world.call("events", "delete", "", delete).await;
    }
}

/// Takes one message of the FIFO queue.
pub(crate) async fn worker(ports: Ports, delivery: Delivery, settings: SettingsInForce) {
    let normalizer = Normalizer {
        ingress: ports.clone(),
        ledger: ports.clone(),
        lake: ports.clone(),
        catalog: ports.clone(),
    };
    let Delivery { message, receives, receipt } = delivery;
    let work = async {
        if given_up(&ports, &message).await? {
            return Ok(());
        }
        normalizer.normalize(&message, receives, &settings).await?;
        let looks_again = ports.world.state().protocol != Protocol::NobodyLooksAgain;
        if !looks_again || !given_up(&ports, &message).await? {
            follow(&ports, &message).await?;
        }
        Ok::<_, NormalizeError>(())
    };
    let done = work.await;
    // What the queue is not told it finds out when the visibility timeout ends.
    let _ = match done {
        Ok(()) => WorkQueue::delete(&ports, &receipt).await,
        Err(error) => {
            judge(&mut ports.world.state(), &error);
            match error.disposition() {
                Disposition::Retry => ports.release(&receipt, RETRY).await,
                Disposition::Stop => Ok(()),
            }
        }
    };
}

/// Whether the batch is of a rebuild that was given up; then it is ended.
async fn given_up(ports: &Ports, message: &BatchMessage) -> Result<bool, PortError> {
    if ports.world.state().protocol == Protocol::NobodyGivesUp {
        return Ok(false);
    }
    let over = end_if_given_up(ports, ports, message).await?;
    if over {
        ports.world.state().came_up("batch of a rebuild given up");
    }
    Ok(over)
}

/// What a batch of an old generation committed goes to the current one, too.
async fn follow(ports: &Ports, message: &BatchMessage) -> Result<(), PortError> {
    if ports.world.state().protocol == Protocol::NoForward {
        return Ok(());
    }
    if forward(ports, ports, message).await?.is_some() {
        ports.world.state().came_up("late batch forwarded");
        clear_rejects(ports, ports, &message.batch).await?;
    }
    Ok(())
}

/// What somebody asks of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Start,
    Step,
    Switch,
    GiveUp,
}

pub(crate) async fn rebuilder(ports: Ports, table: TableName, ask: Ask, limits: DispatchLimits) {
    let rebuilder = Rebuilder {
        ledger: ports.clone(),
        heads: ports.clone(),
        queue: ports.clone(),
        lake: ports.clone(),
        views: ports.clone(),
        limits,
        grace_ms: GRACE_MS,
    };
    let now_ms = || ports.world.state().now_ms;
    let (asked, now) = (ask, now_ms());
    let asked = match asked {
        Ask::Start => rebuilder.start(&table, now).await.map(|_| ()),
        Ask::Switch => rebuilder.switch(&table, 0).await.map(|_| ()),
        Ask::Step => Ok(()),
        Ask::GiveUp => rebuilder.give_up(&table, now).await.map(|_| ()),
    };
    if let Err(RebuildError::Removed { .. }) = asked {
        ports.world.state().violated("I-1", "documents are taken for removed".to_owned());
    }
    for _ in 0..REBUILD_STEPS_MAX {
        match rebuilder.step(&table, now_ms()).await {
            Ok((_, Next::Step)) | Err(RebuildError::Overtaken { .. }) => {}
            Err(RebuildError::Port(PortError::Damaged { what, .. })) => {
                return ports.world.state().violated("I-1", what);
            }
            // The next run goes on.
            Ok((_, Next::Wait | Next::Decide | Next::Done)) | Err(_) => return,
        }
    }
}

/// Whatever a world like this does, some failures must never be.
fn judge(state: &mut State, error: &NormalizeError) {
    state.note(|| format!("worker: {error}"));
    let broken = match error {
        NormalizeError::NotAsPlanned { .. } => "I-6",
        NormalizeError::UnknownBatch { .. } | NormalizeError::DocumentGone { .. } => "D5",
        NormalizeError::Panicked { .. }
        | NormalizeError::Encode(_)
        | NormalizeError::Settings { .. }
        | NormalizeError::Port(PortError::Damaged { .. }) => "I-1",
        NormalizeError::Port(_)
        | NormalizeError::EndsProcess { .. }
        | NormalizeError::RegistryContended { .. } => return,
    };
    state.violated(broken, error.to_string());
}

pub(crate) async fn redriver(ports: Ports) {
    let protocol = ports.world.state().protocol;
    if protocol == Protocol::RedriveForgets {
        // The obvious way to do it.
        let Ok(letters) = ports.list(DEAD_LETTERS_MAX).await else { return };
        for letter in letters {
            let mut message = letter.message;
            message.send += 1;
            if ports.send(&message).await.is_ok() {
                let _ = DeadLetters::delete(&ports, &letter.receipt).await;
            }
        }
        return;
    }
    // The next run goes on where this one failed.
    let _ = redrive(&ports, &ports, &ports, DEAD_LETTERS_MAX, Intent::Act).await;
}

/// `inventory`: as of some time ago. `now_ms`: when the sweep began.
pub(crate) async fn sweeper(
    ports: Ports,
    inventory: Vec<DocumentHead>,
    now_ms: i64,
    limits: DispatchLimits,
) {
    let protocol = ports.world.state().protocol;
    if protocol != Protocol::NoSweepOfBatches {
        let _ = sweep_batches(&ports, &ports, &ports, now_ms - OPEN_FOR_MS, Intent::Act).await;
    }
    if protocol != Protocol::NoSweep {
        let received_ms = now_ms - SWEEP_BACK_MS..now_ms - SECOND_MS;
        let act = Intent::Act;
        let _ = sweep_documents(&ports, &ports, &inventory, received_ms, &limits, act).await;
    }
}

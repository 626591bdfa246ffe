//! The ports over the simulated world.

mod catalog;
mod ingress;
mod lake;
mod ledger;
mod left_behind;
mod queue;
mod rebuilds;

use crate::protocol::Protocol;
use crate::world::World;
use sluice_normalizer::Registry;
use sluice_pipeline::Plan;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All ports of one task. Clones share what the task holds back.
#[derive(Debug, Clone)]
pub struct Ports {
    pub(crate) world: World,
    held: Arc<Mutex<Held>>,
    /// The generation that is sent beside the others; see [`sluice_pipeline::Lanes`].
    lane: Option<u32>,
}

/// What a wrong protocol writes later than it should.
#[derive(Debug, Default)]
struct Held {
    parts: Vec<(String, Vec<u8>)>,
    plan: Option<Plan>,
    registry: Option<Registry>,
}

impl Ports {
    /// The ports of a task of its own.
    #[must_use]
    pub fn new(world: &World) -> Self {
        Ports { world: world.clone(), held: Arc::default(), lane: None }
    }

    fn protocol(&self) -> Protocol {
        self.world.state().protocol
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What can be wrong with what the ledger stores.

use sluice_pipeline::{PlanError, REBUILD_FORMAT};

pub(super) type Fault = crate::fault::Fault<Damage>;

/// What is wrong with stored items, or with what is to be stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum Damage {
    #[error("attribute {attribute:?} is missing or has no such value")]
    Attribute { attribute: &'static str },
    #[error("a large value of {found} bytes exceeds {max}")]
    TooLarge { found: usize, max: usize },
    #[error("the items of a large value are not those it was made of")]
    Chunks,
    #[error("batch {batch:?} is not in the ledger")]
    UnknownBatch { batch: String },
    #[error("batch {batch:?} does not have the members its id was derived from")]
    OtherMembers { batch: String },
    #[error("{outcomes} outcomes for {documents} planned documents")]
    Outcomes { outcomes: usize, documents: usize },
    #[error("document {document:?} is not held by the batch")]
    NotHeld { document: String },
    #[error("rebuild format {found} is newer than {REBUILD_FORMAT}, the newest this build reads")]
    RebuildFormat { found: u32 },
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Fault::Damage(damage)
    }
}

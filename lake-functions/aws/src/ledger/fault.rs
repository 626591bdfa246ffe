//! How the ledger fails inside; outside it is a [`PortError`].

use crate::failure::CallFailed;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use sluice_pipeline::{PlanError, PortError, REBUILD_FORMAT};

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// A call failed.
    Call(CallFailed),
    /// Others wrote the same items each time.
    Contended,
    /// What is stored, or was asked for, cannot be.
    Damage(Damage),
}

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

#[derive(Debug, thiserror::Error)]
#[error("others wrote the same items each time")]
struct Contended;

impl<E: ProvideErrorMetadata, R> From<SdkError<E, R>> for Fault {
    fn from(error: SdkError<E, R>) -> Self {
        Fault::Call(CallFailed::of(&error))
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Fault::Damage(damage)
    }
}

impl Fault {
    /// `what`: what was asked for, naming ids.
    pub(super) fn at(self, what: String) -> PortError {
        match self {
            Fault::Call(failed) => failed.at(what),
            Fault::Contended => PortError::Unavailable { what, source: Box::new(Contended) },
            Fault::Damage(damage) => PortError::Damaged { what, source: Box::new(damage) },
        }
    }
}

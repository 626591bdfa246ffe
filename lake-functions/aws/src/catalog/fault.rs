//! How the catalog fails inside; outside it is a [`PortError`]. Names of columns and child tables
//! come from documents and are not told (I-8).

use super::limits::GLUE_VIEW_TEXT_BYTES_MAX;
use crate::failure::CallFailed;
use aws_sdk_glue::error::{ProvideErrorMetadata, SdkError};
use sluice_pipeline::PortError;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Fault {
    Call(CallFailed),
    Contended,
    Damage(Damage),
}

/// What Glue cannot take, or has and should not.
#[derive(Debug, thiserror::Error)]
pub(super) enum Damage {
    #[error("the parameter {parameter:?} of a table in Glue has no such value")]
    Parameter { parameter: &'static str },
    #[error("the text of a view has {bytes} bytes, more than Glue's {GLUE_VIEW_TEXT_BYTES_MAX}")]
    ViewTooLong { bytes: usize },
    #[error("{name:?} is no table name")]
    TableName { name: String },
}

#[derive(Debug, thiserror::Error)]
#[error("others changed the same table in Glue each time")]
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
    /// `what`: what was asked for, naming the root table.
    pub(super) fn at(self, what: String) -> PortError {
        match self {
            Fault::Call(failed) => failed.at(what),
            Fault::Contended => PortError::Unavailable { what, source: Box::new(Contended) },
            Fault::Damage(damage) => PortError::Damaged { what, source: Box::new(damage) },
        }
    }
}

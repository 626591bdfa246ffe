//! How an adapter fails inside; outside it is a [`PortError`].

use crate::failure::CallFailed;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use sluice_pipeline::PortError;
use std::error::Error;

/// Why there is no answer. `D`: what can be wrong with what is stored, or is to be.
#[derive(Debug)]
pub(crate) enum Fault<D> {
    /// A call failed.
    Call(CallFailed),
    /// Others wrote the same each time.
    Contended,
    /// A person must look.
    Damage(D),
}

#[derive(Debug, thiserror::Error)]
#[error("others wrote the same each time")]
struct Contended;

impl<D, E: ProvideErrorMetadata, R> From<SdkError<E, R>> for Fault<D> {
    fn from(error: SdkError<E, R>) -> Self {
        Fault::Call(CallFailed::of(&error))
    }
}

impl<D: Error + Send + Sync + 'static> Fault<D> {
    /// `what`: what was asked for, naming ids.
    pub(crate) fn at(self, what: String) -> PortError {
        match self {
            Fault::Call(failed) => failed.at(what),
            Fault::Contended => PortError::Unavailable { what, source: Box::new(Contended) },
            Fault::Damage(damage) => PortError::Damaged { what, source: Box::new(damage) },
        }
    }
}

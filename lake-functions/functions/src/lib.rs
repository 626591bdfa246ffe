//! The Lambda functions: each turns an event into calls of a use case, and what became of them into
//! Lambda's answer. Everything else is the pipeline's and the adapters' business.

mod announced;
mod dispatcher;
mod log;
mod metrics;
mod normalizer;
mod rebuild;
mod redrive;
mod start;

pub use dispatcher::Dispatcher;
pub use normalizer::{NormalizerFunction, SettingsSource, Told};
pub use rebuild::{
    REBUILD_GRACE_MS, RebuildAnswer, RebuildData, RebuildFault, RebuildFunction, RebuildRequest,
};
pub use redrive::{RedriveError, RedriveFunction, RequestError};
pub use start::{configured, time_left};

//! What all functions do when they start, and when they are invoked.

use crate::log::{log, told};
use lambda_runtime::{Context, Error};
use serde_json::json;
use sluice_aws::{ConfigError, Lookup};
use std::time::{Duration, SystemTime};

/// Reads a function's configuration; what is wrong is told where a person looks, in the log.
///
/// # Errors
/// [`ConfigError`], for the runtime.
pub fn configured<C>(read: fn(Lookup<'_>) -> Result<C, ConfigError>) -> Result<C, Error> {
    read(&|name| std::env::var(name).ok()).map_err(|error| {
        log("cannot_start", json!({"error": told(&error)}));
        error.into()
    })
}

/// What is left of an invocation's time.
#[must_use]
pub fn time_left(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}

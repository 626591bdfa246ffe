//! What all functions do when they start.

use crate::log::{log, told};
use lambda_runtime::Error;
use serde_json::json;
use sluice_aws::{ConfigError, Lookup};

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

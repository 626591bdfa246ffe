//! What clients learn of a port that failed: what they can do. The rest goes to the log.

use crate::failure::{Code, Failure};
use crate::log;
use sluice_pipeline::PortError;

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        let failure = match &error {
            PortError::Unavailable { .. } => {
                Failure::new(Code::Unavailable, "the store does not answer; try again in a moment")
            }
            PortError::Full { .. } => Failure::new(
                Code::StorageFull,
                "there is no room left on the server's disk; nothing was stored, try again later",
            ),
            PortError::Damaged { .. } => Failure::new(
                Code::Damaged,
                "what is stored cannot be used; the server's log names it, a person must look",
            ),
        };
        log::event(
            "port_failed",
            &[("code", failure.code.as_str().to_owned()), ("error", log::chain(&error))],
        );
        failure
    }
}

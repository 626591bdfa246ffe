//! What every request has at hand.

use crate::limits::{BODY_UNIT_BYTES, HttpLimits, JUDGED_AT_ONCE};
use crate::metrics::HttpFigures;
use crate::sql::Sql;
use crate::tokens::Tokens;
use sluice_one_machine::Platform;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The door's own state and what is behind it.
pub(crate) struct Front {
    pub(crate) platform: Platform,
    pub(crate) sql: Sql,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) limits: HttpLimits,
    /// Memory for bodies, in units of [`BODY_UNIT_BYTES`].
    pub(crate) body_units: Arc<Semaphore>,
    /// Turns to judge a large body.
    pub(crate) judging: Arc<Semaphore>,
    pub(crate) figures: HttpFigures,
}

impl Front {
    pub(crate) fn new(
        platform: Platform,
        sql: Sql,
        tokens: Option<Tokens>,
        limits: HttpLimits,
    ) -> Self {
        let units = (limits.bodies_bytes_max / BODY_UNIT_BYTES).min(Semaphore::MAX_PERMITS);
        Front {
            platform,
            sql,
            tokens,
            limits,
            body_units: Arc::new(Semaphore::new(units)),
            judging: Arc::new(Semaphore::new(JUDGED_AT_ONCE)),
            figures: HttpFigures::default(),
        }
    }
}

//! How a port fails: what the caller can do about it.

use std::error::Error;

/// Why a port did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Transient: ask again later.
    #[error("{what}: not available")]
    Unavailable {
        /// What was asked for, naming ids.
        what: String,
        /// What the store said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no room left; asking again helps once somebody made room.
    #[error("{what}: no room left")]
    Full {
        /// What was asked for, naming ids.
        what: String,
        /// What the store said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// What is stored cannot be used: a person must look.
    #[error("{what}: what is stored cannot be used")]
    Damaged {
        /// What was asked for, naming ids.
        what: String,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// The same call can succeed later.
    Retry,
    /// It cannot until a person has looked.
    Stop,
}

impl PortError {
    /// What to do.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        match self {
            PortError::Unavailable { .. } | PortError::Full { .. } => Disposition::Retry,
            PortError::Damaged { .. } => Disposition::Stop,
        }
    }
}

//! Why a statement or a job of the store failed, and what that means to the caller of a port.

use rusqlite::ErrorCode;
use sluice_pipeline::{PlanError, PortError};
use std::sync::Arc;

/// Why a job failed. Cheap to clone: one failed commit fails every job of its group.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// SQLite refused.
    Sqlite(Arc<rusqlite::Error>),
    /// What is stored, or what was asked to be stored, does not fit together.
    Damage(Damage),
    /// Too much waits already.
    Busy,
    /// The store was closed, or its writer ended.
    Stopped,
}

/// The store has as much to write as it may hold in memory: the cause in a
/// [`PortError::Unavailable`] by which a caller can tell overload from failure.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("too much waits to be written")]
pub struct Busy;

/// The store was closed, or its writer ended.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the store does not run")]
pub struct Stopped;

/// What does not fit together. Names ids only (I-8).
#[derive(Debug, Clone, thiserror::Error)]
pub enum Damage {
    /// The file is a SQLite database of something else.
    #[error("the file is no store of Sluice")]
    Foreign,
    /// A batch or plan names a document that was never kept.
    #[error("document {id} is not in the store")]
    UnknownDocument {
        /// The document.
        id: String,
    },
    /// No such batch.
    #[error("batch {batch} is not in the ledger")]
    UnknownBatch {
        /// The batch.
        batch: String,
    },
    /// The batch has other members than those that were given or stored.
    #[error("batch {batch} has other members")]
    OtherMembers {
        /// The batch.
        batch: String,
    },
    /// Only a planned batch can be recorded and committed.
    #[error("batch {batch} has no plan")]
    NoPlan {
        /// The batch.
        batch: String,
    },
    /// There must be one outcome for each document of the plan.
    #[error("batch {batch} has {outcomes} outcomes for {documents} documents")]
    Outcomes {
        /// The batch.
        batch: String,
        /// Outcomes given.
        outcomes: usize,
        /// Documents planned.
        documents: usize,
    },
    /// A plan cannot be read.
    #[error("the plan of batch {batch} cannot be read")]
    Plan {
        /// The batch.
        batch: String,
        /// What is wrong with it.
        source: Arc<PlanError>,
    },
    /// A part's key is not of the form that the lake has.
    #[error("{key} is no key of a part")]
    PartKey {
        /// The key.
        key: String,
    },
    /// Merging must keep every row (I-2).
    #[error("part {key} has {rows} rows in place of {replaced}")]
    RowsDiffer {
        /// The new part.
        key: String,
        /// Its rows.
        rows: u64,
        /// The rows of the parts that it replaces.
        replaced: u64,
    },
    /// The parts to be replaced are not all of one physical table, generation and date.
    #[error("part {key} would replace parts of another table or generation")]
    MixedParts {
        /// The new part.
        key: String,
    },
    /// A bug: the change ended in a panic, and nothing of it was kept. The same again would too.
    #[error("a change of the store panicked")]
    Panicked,
    /// A value that no writer could have stored.
    #[error("column {column} holds what no writer stores")]
    Value {
        /// The column.
        column: &'static str,
    },
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sqlite(Arc::new(error))
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Fault::Damage(damage)
    }
}

impl Fault {
    /// What the caller is told. `what`: what was asked for, naming ids.
    pub(super) fn at(self, what: String) -> PortError {
        match self {
            Fault::Sqlite(error) => match kind(&error) {
                Kind::Full => PortError::Full { what, source: Box::new(error) },
                Kind::Transient => PortError::Unavailable { what, source: Box::new(error) },
                Kind::Damaged => PortError::Damaged { what, source: Box::new(error) },
            },
            Fault::Damage(damage) => PortError::Damaged { what, source: Box::new(damage) },
            Fault::Busy => PortError::Unavailable { what, source: Box::new(Busy) },
            Fault::Stopped => PortError::Unavailable { what, source: Box::new(Stopped) },
        }
    }

    /// Whether the connection is better opened anew.
    pub(super) fn spoils_connection(&self) -> bool {
        match self {
            Fault::Sqlite(error) => match error.sqlite_error_code() {
                Some(
                    ErrorCode::DiskFull
                    | ErrorCode::ConstraintViolation
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::TooBig,
                ) => false,
                Some(_) => true,
                // Rusqlite's own: a value of another type than expected.
                None => false,
            },
            Fault::Damage(_) | Fault::Busy | Fault::Stopped => false,
        }
    }
}

enum Kind {
    Full,
    Transient,
    Damaged,
}

fn kind(error: &rusqlite::Error) -> Kind {
    let Some(failure) = error.sqlite_error() else {
        return Kind::Damaged;
    };
    match failure.code {
        ErrorCode::DiskFull => Kind::Full,
        // The index of the WAL could not grow: so far only a full disk was seen to do that.
        ErrorCode::SystemIoFailure
            if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE =>
        {
            Kind::Full
        }
        ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase
        | ErrorCode::ConstraintViolation
        | ErrorCode::TypeMismatch
        | ErrorCode::TooBig => Kind::Damaged,
        _ => Kind::Transient,
    }
}

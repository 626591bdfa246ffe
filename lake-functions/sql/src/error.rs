//! Why a query has no answer, or only a part of one.

mod cause;

use std::time::Duration;

/// Why a query failed. The variants are decisions of the caller: 400, 503, 500.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// The statement cannot be answered, and never will be: syntax, names, types, values.
    #[error("{message}")]
    Wrong {
        /// What is wrong, for the person who wrote it; with line and column where known.
        message: String,
    },
    /// The statement's text is too long.
    #[error("the statement has {bytes} bytes, at most {bytes_max} are read")]
    TooLong {
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// It would do more than read.
    #[error("{statement} is refused: only queries, SHOW, DESCRIBE and EXPLAIN are allowed")]
    NotReadOnly {
        /// The statement's first word.
        statement: String,
    },
    /// It ran longer than allowed.
    #[error("the query was cancelled after {} s", timeout.as_secs_f64())]
    TimedOut {
        /// The limit.
        timeout: Duration,
    },
    /// It needs more memory, or disk space for spilling, than allowed.
    #[error("the query needs more memory than the {memory_bytes} bytes that all queries share")]
    TooMuchMemory {
        /// The limit.
        memory_bytes: usize,
    },
    /// As many queries as allowed are running; try again later.
    #[error("{queries_at_once} queries are running already")]
    Busy {
        /// The limit.
        queries_at_once: usize,
    },
    /// A part of the lake is missing or damaged. Queries that do not need it still work.
    #[error("the lake's part {part} is not readable")]
    Lake {
        /// The part's key.
        part: String,
        /// What reading it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The engine failed; not the user's fault.
    #[error("the query failed inside the SQL engine")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The engine was shut down while the query ran.
    #[error("the SQL engine was shut down")]
    Stopped,
}

impl SqlError {
    /// The stable code for users.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            SqlError::Wrong { .. } => "sql_wrong",
            SqlError::TooLong { .. } => "sql_too_long",
            SqlError::NotReadOnly { .. } => "sql_not_read_only",
            SqlError::TimedOut { .. } => "sql_timed_out",
            SqlError::TooMuchMemory { .. } => "sql_too_much_memory",
            SqlError::Busy { .. } => "sql_busy",
            SqlError::Lake { .. } => "sql_part_unreadable",
            SqlError::Engine(_) => "sql_failed",
            SqlError::Stopped => "sql_stopped",
        }
    }
}

//! What bounds the engine. The first are settings, the others hold for every installation.

use std::path::PathBuf;
use std::time::Duration;

/// What a [`SqlEngine`](crate::SqlEngine) may take.
#[derive(Debug, Clone)]
pub struct SqlLimits {
    /// What the operators of all running queries together may hold, bytes.
    pub memory_bytes: usize,
    /// From the call of `query` to the answer's last byte being read. Past it the query is
    /// cancelled; a slow reader is cut off as well, since it holds a turn and a snapshot.
    pub timeout: Duration,
    /// Queries that run at the same time; one more is refused as busy.
    pub queries_at_once: usize,
    /// A statement's text, bytes.
    pub sql_bytes_max: usize,
    /// Partitions a query is split into, each with a thread; at least 1.
    pub threads: usize,
    /// Where sorts, joins and groupings larger than the memory go; without it they fail.
    pub spill: Option<Spill>,
}

/// Disk space for what does not fit into memory. Files there hold lake content; they are removed
/// when the engine is.
#[derive(Debug, Clone)]
pub struct Spill {
    /// An existing folder; the engine makes one of its own inside.
    pub folder: PathBuf,
    /// What all queries together may put there.
    pub bytes_max: u64,
}

impl Default for SqlLimits {
    /// 512 MB, a minute, 8 queries at once, 256 KB of text, as many threads as cores (at most 8).
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        SqlLimits {
            memory_bytes: 512 << 20,
            timeout: Duration::from_mins(1),
            queries_at_once: 8,
            sql_bytes_max: 256 << 10,
            threads: cores.min(THREADS_DEFAULT_MAX),
            spill: None,
        }
    }
}

const THREADS_DEFAULT_MAX: usize = 8;

/// Parentheses and subqueries within each other.
pub(crate) const NESTING_MAX: usize = 100;

/// Operators and keywords of a statement. The parser makes `1+1+1…` and `SELECT … UNION SELECT …`
/// as deep as they are long, and dropping, comparing and printing them recurses.
pub(crate) const LINKS_MAX: usize = 5_000;

/// Stack of a thread that runs queries. Enough for [`LINKS_MAX`] levels in a build without
/// optimization; only what is touched takes memory.
pub(crate) const STACK_BYTES: usize = 64 << 20;

/// What the calls of growing functions in one statement may make of one batch of rows, together;
/// each has its share.
pub(crate) const FUNCTIONS_BYTES_MAX: usize = 256 << 20;

/// The smallest share.
pub(crate) const FUNCTION_BYTES_MIN: usize = 1 << 20;

/// What the constants of one SELECT list may take when they are written beside a batch of rows.
pub(crate) const CONSTANTS_BYTES_MAX: usize = 512 << 20;

/// Threads of all queries together. Each query that may run has its own, as far as this goes:
/// some work cannot be interrupted for seconds (a nested loop over a batch), and the next query
/// shall not wait for it.
pub(crate) const THREADS_MAX: usize = 64;

/// What one value that a function makes may have; a document's is at most 10 MB.
pub(crate) const VALUE_BYTES_MAX: usize = 16 << 20;

/// Bytes of an answer that are handed on together; a single row may be longer.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;

/// Chunks that wait for a slow reader.
pub(crate) const CHUNKS_WAITING: usize = 4;

/// Bytes of text values in one message of an Arrow stream; a single row may have more.
pub(crate) const ARROW_MESSAGE_BYTES: usize = 8 << 20;

/// An error's message, characters.
pub(crate) const MESSAGE_CHARS_MAX: usize = 1_000;

// What waits for a reader is small beside the memory of a query.
const _: () = assert!(CHUNKS_WAITING * ARROW_MESSAGE_BYTES <= FUNCTIONS_BYTES_MAX);

//! SQL over the lake of one machine, read-only, by DataFusion.
//!
//! [`SqlEngine::query`] answers one statement over one [`Snapshot`](sluice_one_machine::Snapshot),
//! the ledger's list of parts: no directory is ever listed, and the snapshot is held until the
//! answer's last byte is read or the answer is dropped.
//!
//! Catalog `sluice`, two schemas:
//! - `lake`, the default: the views that people query, as Athena's (`athena::statements`);
//! - `lake_files`: the physical tables with `tier` and `ingest_date`.
//!
//! `information_schema` is there too, so `SHOW TABLES`, `DESCRIBE` and `EXPLAIN` work.
//!
//! # What a query can do
//! Only read, and only parts of its snapshot: the one object store known to the engine is the
//! lake's folder, table functions are `generate_series` and `range`, and whatever is not a query,
//! `SHOW`, `DESCRIBE` or `EXPLAIN` is refused ([`SqlError::NotReadOnly`]).
//!
//! # What bounds it
//! Time, memory, queries at once and the text's size, by [`SqlLimits`]. Operators take their
//! memory from one pool. Functions do not, so those that can make much of little are bounded per
//! call (`repeat`, `lpad`, `replace`, `||`, `concat`, `make_array`, …), and those that are of no
//! use to a lake without structs and maps are not there at all (`struct`, `named_struct`, `map`,
//! `array_resize`, the scalar `range` and `generate_series`, …). `array_agg` and `string_agg` are
//! no window functions here: each row of a window would hold all rows before it.

mod answer;
mod catalog;
mod engine;
mod error;
mod format;
mod guard;
mod lake_store;
mod limits;
mod session;
mod statement;

pub use answer::QueryResult;
pub use engine::SqlEngine;
pub use error::SqlError;
pub use format::ResultFormat;
pub use limits::{Spill, SqlLimits};

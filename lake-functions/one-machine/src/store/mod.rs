//! The store: documents, ledger, queue and what the catalog shows, in one SQLite file.
//!
//! One thread owns the connection that writes. It takes what waits and makes it one transaction, so
//! that hundreds of posts share one sync of the disk (group commit), and answers nobody before the
//! commit returned. A few threads read; the WAL lets them do so meanwhile. What may wait is bounded
//! in count and bytes; beyond that a put is refused at once ([`Busy`]).
//!
//! A failed commit leaves nothing: SQLite rolls back, and as a frame of the WAL counts only once the
//! sync behind it returned, the next transaction writes its frames over those of the failed one.
//! Every job of the group is told. A document of a failed group can still come up after a crash of
//! the machine, which the port allows.

mod batch_ids;
mod batches;
mod bodies;
mod catalog;
mod claims;
mod commit;
mod connection;
mod dispatching;
mod document_row;
mod fault;
mod figures;
mod generations;
mod handle;
mod ingress;
mod jobs;
mod keys;
mod ledger;
mod leftovers;
mod limits;
mod members;
mod numbers;
mod options;
mod outcomes;
mod parts;
mod places;
mod plans;
mod queue;
mod reader;
mod rebuild;
mod totals;
mod transaction;
mod trials;
mod writer;

#[cfg(test)]
mod tests;

pub use bodies::RemovedBodies;
pub use commit::CommittedBatch;
pub use dispatching::Waiting;
pub use fault::{Busy, Damage, Stopped};
pub use figures::StoreFigures;
pub use generations::GenerationChange;
pub use handle::{Store, StoreError};
pub use ingress::PutWithin;
pub use keys::Seq;
pub(crate) use limits::DELAY_MAX;
pub use limits::STORE_FORMAT;
pub use options::{Clock, StoreOptions};
pub(crate) use parts::MERGED_PREFIX;
pub use parts::{Replaced, StoredPart};
pub use places::DocumentPlace;
pub use rebuild::Replayable;
pub use totals::TableTotals;

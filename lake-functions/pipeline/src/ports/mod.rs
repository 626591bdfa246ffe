//! The ports: what the use cases need of the world (D2).
//!
//! Every write is durable when its future is ready, and a future that is dropped may or may not
//! have written. Methods are safe to repeat.

mod catalog;
mod dead_letters;
mod error;
mod heads;
mod ingress_store;
mod lake_store;
mod ledger;
mod open_batches;
mod rebuilds;
mod work_queue;

pub use catalog::{Catalog, Shown};
pub use dead_letters::{DeadLetter, DeadLetters};
pub use error::{Disposition, PortError};
pub use heads::Heads;
pub use ingress_store::{IngressStore, Put};
pub use lake_store::LakeStore;
pub use ledger::{BatchRecord, BatchState, Ledger};
pub use open_batches::{OpenBatch, OpenBatches, OpenPage};
pub use rebuilds::{Lanes, ListedBatch, ListedPage, Note, Rebuilds, RemoveParts, Switched, Views};
pub use work_queue::{Delivery, Receipt, WorkQueue};

/// What a create-if-absent did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It was absent and is there now.
    New,
    /// Something has that name already; it was left as it is.
    Exists,
}

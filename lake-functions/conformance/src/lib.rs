//! What every adapter of a port must do, and fakes in memory that do it.
//!
//! Each suite is one async function over an empty adapter; it panics where the adapter breaks the
//! port's contract. Fakes and real adapters pass the same suites.

mod catalog;
mod dead_letters;
mod given;
mod ingress_store;
mod lake_store;
mod lanes;
mod ledger;
mod memory;
mod open_batches;
mod rebuilds;
mod work_queue;

pub use catalog::catalog;
pub use dead_letters::{dead_letters, dead_letters_given};
pub use ingress_store::ingress_store;
pub use lake_store::lake_store;
pub use lanes::lanes;
pub use ledger::ledger;
pub use memory::{Fault, Memory};
pub use open_batches::open_batches;
pub use rebuilds::rebuilds;
pub use work_queue::work_queue;

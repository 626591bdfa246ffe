//! SQL over a lake that the normalizer wrote, at the crate's boundary.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod formats;
mod hostile;
mod lake;
mod limits;
mod pruning;
mod read_only;
mod tables;

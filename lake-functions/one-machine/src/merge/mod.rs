//! Merging: many small parts of a table and day into one, rows and columns as they are.

mod pick;
mod write;

pub(crate) use pick::pick;
pub(crate) use write::{MergeError, merge};

//! The trial of a batch: its documents one by one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far the trial of a batch is. It is kept before each try, so that a document which ends the
/// process (no memory left, a stack overflow) is known by it afterwards.
///
/// Overlapping trials of one batch may overwrite each other; that costs tries, not documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// The version of the Sluice that tries: another one tries anew.
    pub build: String,
    /// Of the claimed documents, in the batch's order, how many were tried.
    pub tried: u32,
    /// How often the next one was begun without an end; after the last one, how often the batch as a
    /// whole was.
    pub begun: u32,
    /// The ids of those that failed.
    pub isolated: BTreeSet<String>,
}

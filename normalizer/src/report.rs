//! What one batch did, for people and metrics.

use crate::kind::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts and news of one batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Documents shaped.
    pub documents: u64,
    /// Documents rejected as a whole.
    pub rejected_documents: u64,
    /// Records, rejected ones included, those of wholly rejected documents not.
    pub records: u64,
    /// The root table and every child table with rows or new columns, in registry order.
    pub tables: Vec<TableReport>,
    /// Rejects by code.
    pub rejects: BTreeMap<String, u64>,
    /// Paths that this batch gave one kind more than people can query as one column.
    pub conflicts: Vec<Conflict>,
}

/// One table's part of a [`Report`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReport {
    /// Physical name.
    pub name: String,
    /// Rows this batch adds.
    pub rows: u64,
    /// Data columns that the table has now.
    pub columns: u64,
    /// Those that this batch added.
    pub new_columns: Vec<NewColumn>,
}

/// A column that a batch added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewColumn {
    /// Physical name.
    pub name: String,
    /// Source path within the table.
    pub path: String,
    /// What it holds.
    pub kind: Kind,
}

/// A path with several kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Physical name of the table.
    pub table: String,
    /// Source path within the table.
    pub path: String,
    /// All kinds there now, the owner of the plain name first.
    pub kinds: Vec<Kind>,
}

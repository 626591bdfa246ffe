//! The registry: the versioned schema of one root table and its child tables.
//!
//! A version is immutable once written. Within a generation a column never changes its name, path
//! or kind, and columns and tables are only ever added (I-5).

mod grow;

use crate::kind::{Kind, Scalar};
use crate::table_name::TableName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The stored form's own version; a higher one than this is refused.
pub const REGISTRY_FORMAT: u32 = 1;

/// One version of a table's schema, children included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// See [`REGISTRY_FORMAT`].
    pub format: u32,
    /// The root table's name.
    pub table: String,
    /// From 1; a rebuild starts the next one.
    pub generation: u32,
    /// From 1; 0 is the registry of a table that was never written, and is never stored.
    pub version: u64,
    /// The earliest ingest date of any part, `YYYY-MM-DD`: where partition projection starts.
    pub first_date: Option<String>,
    /// The root table first, then its child tables in order of appearance.
    pub tables: Vec<TableSchema>,
}

/// The columns of one physical table, lineage not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSchema {
    /// The physical name: the root's own, or `<parent>__<path>`.
    pub name: String,
    /// The table one level up, none for the root.
    pub parent: Option<String>,
    /// JSON Pointer from the parent's record or element to the array; empty for the root, and for
    /// an array that is itself an element.
    pub path: String,
    /// The registry version that added the table.
    pub since: u64,
    /// In order of appearance.
    pub columns: Vec<ColumnSchema>,
}

/// One data column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSchema {
    /// The physical name, unique in its table.
    pub name: String,
    /// JSON Pointer from the table's record or element; empty for an element that is no object.
    pub path: String,
    /// What the column holds.
    pub kind: Kind,
    /// The registry version that added the column.
    pub since: u64,
    /// Bigint columns: every value ever stored is exact in f64, so that the view may show it and a
    /// double at the same path as one double. Other kinds: true, and never looked at.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub exact: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// Why stored bytes are no registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Written by a newer Sluice.
    #[error("registry format {found} is newer than {REGISTRY_FORMAT}, the newest this build reads")]
    Newer {
        /// The format in the file.
        found: u32,
    },
    /// JSON of the right form that no registry can be.
    #[error("registry of {table:?} is inconsistent: {what}")]
    Inconsistent {
        /// The table it names.
        table: String,
        /// The rule it breaks.
        what: &'static str,
    },
    /// Not the JSON of a registry.
    #[error("registry is not readable")]
    Json(#[from] serde_json::Error),
}

impl Registry {
    /// The registry of a table that was never written: version 0, the root table without columns.
    #[must_use]
    pub fn empty(table: &TableName, generation: u32) -> Self {
        Registry {
            format: REGISTRY_FORMAT,
            table: table.as_str().to_owned(),
            generation,
            version: 0,
            first_date: None,
            tables: vec![TableSchema {
                name: table.as_str().to_owned(),
                parent: None,
                path: String::new(),
                since: 1,
                columns: Vec::new(),
            }],
        }
    }

    /// The stored form: one line of JSON, the same bytes for the same registry.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a registry has only string keys")
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`RegistryError`] when it is no registry, or a newer one than this build knows.
    pub fn from_json(bytes: &[u8]) -> Result<Self, RegistryError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let head: Head = serde_json::from_slice(bytes)?;
        if head.format > REGISTRY_FORMAT {
            return Err(RegistryError::Newer { found: head.format });
        }
        let registry: Registry = serde_json::from_slice(bytes)?;
        match registry.broken_rule() {
            None => Ok(registry),
            Some(what) => Err(RegistryError::Inconsistent { table: registry.table, what }),
        }
    }

    /// What the rest of the core relies on without looking again.
    fn broken_rule(&self) -> Option<&'static str> {
        let mut names = BTreeSet::new();
        for (at, table) in self.tables.iter().enumerate() {
            let known = table.parent.as_ref().is_some_and(|parent| names.contains(parent));
            if known != (at > 0) || (at == 0 && table.parent.is_some()) {
                return Some("the first table is the root, every other one follows its parent");
            }
            if !names.insert(table.name.clone()) {
                return Some("two tables share a name");
            }
            let columns: BTreeSet<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
            let sources: BTreeSet<_> = table.columns.iter().map(|c| (&c.path, c.kind)).collect();
            if columns.len() != table.columns.len() || sources.len() != table.columns.len() {
                return Some("two columns of a table share a name, or path and kind");
            }
        }
        if self.tables.is_empty() {
            return Some("it has no table");
        }
        None
    }

    /// The root table.
    #[must_use]
    pub fn root(&self) -> &TableSchema {
        &self.tables[0]
    }
}

impl TableSchema {
    /// How many columns at `path` do not agree with an earlier one there: more than one is a
    /// conflict.
    #[must_use]
    pub fn shown_at(&self, path: &str) -> usize {
        let columns: Vec<_> = self.at_path(path).collect();
        let alone = |at: &usize| !columns[..*at].iter().any(|one| one.agrees_with(columns[*at]));
        (0..columns.len()).filter(alone).count()
    }

    /// The columns at `path`, the owner of the plain name first.
    pub fn at_path<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a ColumnSchema> {
        self.columns.iter().filter(move |column| column.path == path)
    }
}

impl ColumnSchema {
    /// Whether another column of the same path is no conflict: bigint and double, as long as the
    /// view can show both as one double, and a timestamp's text, which stands beside it by design.
    #[must_use]
    pub fn agrees_with(&self, other: &ColumnSchema) -> bool {
        let numbers = self.kind.is_numeric_scalar() && other.kind.is_numeric_scalar();
        let time_and_text = [(self.kind, other.kind), (other.kind, self.kind)]
            .contains(&(Kind::Scalar(Scalar::Timestamp), Kind::Scalar(Scalar::String)));
        (numbers && self.exact && other.exact) || time_and_text
    }
}

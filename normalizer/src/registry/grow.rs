//! The only ways a registry grows; names are given here.

use super::{ColumnSchema, Registry, TableSchema};
use crate::kind::Kind;
use crate::{names, pointer};

impl Registry {
    /// The child table of the array at `path` in `parent`, added if it is not there. Answers its
    /// place.
    pub(crate) fn child_table(&mut self, parent: usize, path: &str, version: u64) -> usize {
        let parent_name = self.tables[parent].name.clone();
        let is_it = |t: &TableSchema| t.parent.as_ref() == Some(&parent_name) && t.path == path;
        if let Some(at) = self.tables.iter().position(is_it) {
            return at;
        }
        let keys: Vec<_> = pointer::keys(path).collect();
        let mut base = parent_name.clone();
        for key in &keys {
            base.push_str(names::SEPARATOR);
            base.push_str(&names::segment(key));
        }
        if keys.is_empty() {
            base.push_str(names::SEPARATOR);
            base.push_str("_value");
        }
        let place = format!("{parent_name}{path}");
        let name = names::free_name(&base, &place, "table", false, |name| {
            self.tables.iter().any(|table| table.name == name)
        });
        self.tables.push(TableSchema {
            name,
            parent: Some(parent_name),
            path: path.to_owned(),
            since: version,
            columns: Vec::new(),
        });
        self.tables.len() - 1
    }
}

impl TableSchema {
    /// Adds the column of `path` and `kind`, which must not be there. The first column of a path
    /// gets the plain name, another kind its suffix (I-5). Answers its place.
    pub(crate) fn add_column(&mut self, path: &str, kind: Kind, version: u64) -> usize {
        let keys: Vec<_> = pointer::keys(path).collect();
        let mut base = names::column_base(keys.iter().map(AsRef::as_ref));
        if self.at_path(path).next().is_some() {
            base = format!("{base}{}{kind}", names::SEPARATOR);
        }
        let owner = keys.is_empty();
        let name = names::free_name(&base, path, &kind.to_string(), owner, |name| {
            self.columns.iter().any(|column| column.name == name)
        });
        self.columns.push(ColumnSchema {
            name,
            path: path.to_owned(),
            kind,
            since: version,
            exact: true,
        });
        self.columns.len() - 1
    }
}

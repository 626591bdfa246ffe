//! A shaped batch: columns with their names, ready to be encoded.

use super::rejects::Rejects;
use super::shaper::DocumentHead;
use super::table::Lineage;
use super::values::Column;
use crate::registry::Registry;
use crate::report::Report;

/// What a batch becomes: the next registry version, a report, and the parts to write.
#[derive(Debug)]
pub struct Shaped {
    registry: Registry,
    report: Report,
    pub(crate) documents: Vec<DocumentHead>,
    pub(crate) tables: Vec<ShapedTable>,
    pub(crate) rejects: Rejects,
}

/// One table of the batch.
#[derive(Debug)]
pub(crate) struct ShapedTable {
    /// Its place in the registry.
    pub(crate) place: usize,
    /// The place of the table one level up, among the batch's tables.
    pub(crate) parent: Option<usize>,
    pub(crate) lineage: Lineage,
    /// Columns with values, by their place in the table's schema, ascending.
    pub(crate) columns: Vec<(usize, Column)>,
    pub(crate) rest: Column,
}

impl Shaped {
    pub(super) fn new(
        registry: Registry,
        report: Report,
        documents: Vec<DocumentHead>,
        tables: Vec<ShapedTable>,
        rejects: Rejects,
    ) -> Self {
        Shaped { registry, report, documents, tables, rejects }
    }

    /// The next registry version. When the batch brought nothing new it is the base, with the
    /// base's version number.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts and news.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The place of a table's own path: the rows from the record down to row `row` of `table`, as
    /// positions in their arrays.
    pub(crate) fn push_path(&self, table: usize, row: u32, out: &mut Vec<u8>) {
        let this = &self.tables[table];
        let Some(parent) = this.parent else {
            return;
        };
        self.push_path(parent, this.lineage.parent_row[row as usize], out);
        if !out.is_empty() {
            out.push(b'.');
        }
        let mut digits = [0; 10];
        let mut at = digits.len();
        let mut index = this.lineage.index[row as usize];
        loop {
            at -= 1;
            digits[at] = b'0' + (index % 10) as u8;
            index /= 10;
            if index == 0 {
                break;
            }
        }
        out.extend_from_slice(&digits[at..]);
    }
}

//! Taking back a record or document: everything it brought, and nothing else.

use super::budget::Budget;
use super::paths::NONE;
use super::shaper::Shaper;
use std::collections::BTreeMap;

/// Where taking back stops.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// Rows of the root table.
    pub(super) rows: u32,
    nodes: u32,
    tables: usize,
    rejects: u32,
    budget: Budget,
    /// Entries of the journal, if it was kept by then.
    journal: Option<usize>,
}

/// Which columns the current document has touched.
///
/// Kept from the first record on that is taken back: without it every such record would cost a
/// look at every column of the batch, with it only what the record itself touched.
#[derive(Debug)]
pub(super) struct Journal {
    kept: bool,
    /// Table and column; `NONE` for a row without a look at its columns.
    touched: Vec<(u32, u32)>,
}

impl Journal {
    pub(super) fn new(kept: bool) -> Self {
        Journal { kept, touched: Vec::new() }
    }

    #[inline]
    pub(super) fn touch(&mut self, table: u32, column: u32) {
        if self.kept {
            self.touched.push((table, column));
        }
    }

    /// A new document begins; older ones are never taken back.
    pub(super) fn clear(&mut self) {
        self.touched.clear();
        self.touched.shrink_to(1 << 16);
    }
}

impl Shaper<'_> {
    pub(super) fn mark(&self) -> Mark {
        Mark {
            rows: self.tables[0].lineage.rows,
            nodes: self.paths.len(),
            tables: self.tables.len(),
            rejects: self.rejects.len(),
            budget: self.budget,
            journal: self.journal.kept.then_some(self.journal.touched.len()),
        }
    }

    /// Takes back all rows since `mark`, and every path, column and table that only they brought.
    pub(super) fn take_back(&mut self, mark: Mark) {
        for table in self.tables.drain(mark.tables..) {
            if table.array < self.paths.len() {
                self.paths.node_mut(table.array).child = NONE;
            }
        }
        self.paths.truncate(mark.nodes);
        let touched = match mark.journal {
            Some(from) => self.journal.touched.split_off(from),
            None => self.all_columns(),
        };
        self.journal.kept = true;
        let mut rows = BTreeMap::from([(0, mark.rows)]);
        for (at, column) in touched {
            let Some(table) = self.tables.get_mut(at as usize) else {
                continue; // it went with the tables above
            };
            let rows = *rows.entry(at).or_insert_with(|| {
                // Child rows know the root row they belong to, in ascending order.
                table.lineage.record.partition_point(|&row| row < mark.rows) as u32
            });
            if let Some(column) = table.columns.get_mut(column as usize) {
                column.column.truncate(rows);
            }
        }
        for (at, rows) in rows {
            self.tables[at as usize].truncate(rows, &mut self.paths);
        }
        self.budget = mark.budget;
    }

    fn all_columns(&self) -> Vec<(u32, u32)> {
        let mut all = Vec::new();
        for (at, table) in (0..).zip(&self.tables) {
            all.push((at, NONE));
            all.extend((0..).take(table.columns.len()).map(|column| (at, column)));
        }
        all
    }

    /// Takes back a document whose text turned out broken: rows and rejects since `mark`.
    pub(super) fn take_back_document(&mut self, mark: Mark, records: u64) {
        self.take_back(mark);
        self.rejects.truncate(mark.rejects);
        self.records = records;
    }
}

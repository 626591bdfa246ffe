//! One physical table's rows of the batch, in columns.

use super::paths::{NONE, Paths, Slot};
use super::texts::Texts;
use super::values::{Column, Values};
use crate::json::push_json_string;
use crate::kind::Scalar;

/// Rows of one table.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its place in the registry; `NONE` for one that this batch discovers.
    pub(crate) registered: u32,
    /// The table one level up, `NONE` for the root.
    pub(crate) parent: u32,
    /// The path node of the array in the parent table, `NONE` for the root.
    pub(crate) array: u32,
    /// The path node of the record or element.
    pub(crate) root: u32,
    /// Levels below the root table.
    pub(crate) level: usize,
    pub(crate) lineage: Lineage,
    pub(crate) columns: Vec<BatchColumn>,
    pub(crate) rest: Column,
    /// The current row's `_rest` without its braces.
    rest_text: Vec<u8>,
    /// Data columns that the registry has plus those that the batch adds.
    pub(crate) column_count: usize,
    /// What the view of these columns takes at most, bytes.
    pub(crate) view_bytes: usize,
}

/// Where a row comes from. All vectors have a value a row.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    pub(crate) rows: u32,
    /// Root table: the document's ordinal in the batch. Child tables: unused.
    pub(crate) document: Vec<u32>,
    /// Root table: position of the record in its document. Child tables: the root table's row.
    pub(crate) record: Vec<u32>,
    /// Child tables: the row in the table one level up.
    pub(crate) parent_row: Vec<u32>,
    /// Child tables: position in the array.
    pub(crate) index: Vec<u32>,
}

/// A column of this batch, before it has a name.
#[derive(Debug)]
pub(crate) struct BatchColumn {
    pub(crate) node: u32,
    pub(crate) slot: Slot,
    /// Counted against the table's limits, with this many bytes of view text.
    pub(crate) counted: Option<usize>,
    pub(crate) column: Column,
}

impl Lineage {
    fn truncate(&mut self, rows: u32) {
        self.rows = rows;
        for values in [&mut self.document, &mut self.record, &mut self.parent_row, &mut self.index]
        {
            values.truncate(rows as usize);
        }
    }
}

impl Table {
    pub(crate) fn new(registered: u32, parent: u32, array: u32, root: u32, level: usize) -> Self {
        Table {
            registered,
            parent,
            array,
            root,
            level,
            lineage: Lineage::default(),
            columns: Vec::new(),
            rest: Column::new(Values::Texts(Texts::default())),
            rest_text: Vec::new(),
            column_count: 0,
            view_bytes: 0,
        }
    }

    /// Ends the current row: what did not fit becomes its `_rest`.
    pub(crate) fn end_row(&mut self) {
        if self.rest_text.is_empty() {
            return;
        }
        let row = self.lineage.rows - 1;
        self.rest_text.insert(0, b'{');
        self.rest_text.push(b'}');
        self.rest.push_text(row, &self.rest_text);
        self.rest_text.clear();
        self.rest_text.shrink_to(1 << 16);
    }

    /// Adds `pointer: value` to the current row's `_rest`.
    pub(crate) fn push_rest(&mut self, pointer: &str, render: impl FnOnce(&mut Vec<u8>)) {
        if !self.rest_text.is_empty() {
            self.rest_text.push(b',');
        }
        push_json_string(pointer.as_bytes(), &mut self.rest_text);
        self.rest_text.push(b':');
        render(&mut self.rest_text);
    }

    pub(crate) fn rest_bytes(&self) -> usize {
        self.rest_text.len()
    }

    /// Takes back the rows from `rows` on, whose values are gone from the columns already, and the
    /// columns that only they had.
    pub(crate) fn truncate(&mut self, rows: u32, paths: &mut Paths) {
        self.lineage.truncate(rows);
        self.rest.truncate(rows);
        self.rest_text.clear();
        // A column is never created without a value, so the emptied ones are the newest.
        while self.columns.last().is_some_and(|column| column.column.rows.first().is_none()) {
            let column = self.columns.pop().expect("looked at it");
            if let Some(view_bytes) = column.counted {
                self.column_count -= 1;
                self.view_bytes -= view_bytes;
            }
            if column.node < paths.len() {
                paths.node_mut(column.node).set_column(column.slot, NONE);
            }
        }
    }
}

/// Empty values for a slot.
pub(crate) fn empty_values(slot: Slot) -> Values {
    let scalar = |item: Scalar| match item {
        Scalar::Boolean => Values::Booleans(Vec::new()),
        Scalar::Bigint | Scalar::Timestamp => Values::Bigints(Vec::new()),
        Scalar::Double => Values::Doubles(Vec::new()),
        Scalar::Number | Scalar::String => Values::Texts(Texts::default()),
    };
    match slot {
        Slot::Boolean => scalar(Scalar::Boolean),
        Slot::Bigint => scalar(Scalar::Bigint),
        Slot::Double => scalar(Scalar::Double),
        Slot::Wide | Slot::Number => scalar(Scalar::Number),
        Slot::String => scalar(Scalar::String),
        Slot::Timestamp => scalar(Scalar::Timestamp),
        Slot::Json => scalar(Scalar::String),
        Slot::List { levels, item } => {
            Values::Lists(super::values::Lists::new(levels, scalar(item)))
        }
    }
}

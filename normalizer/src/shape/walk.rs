//! The walk over one record's tape: every value to its column, array elements to child rows.

use super::budget;
use super::lists::{ArrayShape, array_shape, push_list};
use super::paths::{NONE, Slot, escaped_bytes};
use super::rejects::Reason;
use super::rest::render_kept;
use super::shaper::Shaper;
use super::table::{BatchColumn, Table, empty_values};
use super::values::{Column, Values};
use crate::json::{Tag, Tape};
use crate::kind::Scalar;
use crate::limits::PATH_BYTES_MAX;
use crate::number::{Number, exact_in_f64};
use crate::settings::Rule;
use crate::timestamp;

/// What is known of the record being walked.
#[derive(Debug, Default)]
pub(super) struct RecordState {
    /// Row in the root table.
    pub(super) row: u32,
    pub(super) bytes: usize,
    /// What went to `_rest` so far, of all its rows.
    pub(super) rest_bytes: usize,
    /// The tape is known to have no duplicate keys.
    pub(super) deduplicated: bool,
}

/// Why shaping a record stopped half-way.
pub(super) enum Stop {
    /// An object has a key twice: keep the last ones and start again.
    DuplicateKeys,
    Reject(Reason),
}

/// A parsed record: its tape and what the tape was read from.
pub(super) struct Record<'r> {
    pub(super) tape: &'r Tape,
    pub(super) source: &'r [u8],
}

impl<'r> Record<'r> {
    #[inline]
    pub(super) fn text(&self, at: u32) -> &'r [u8] {
        self.tape.bytes(self.source, self.tape.node(at))
    }

    pub(super) fn has_duplicate_keys(&self) -> bool {
        self.tape.has_duplicate_keys(self.source)
    }
}

impl Shaper<'_> {
    /// Answers the members that found no place and are left to the object around this one: JSON
    /// text with its first brace, empty when there are none, and always at a row's own object.
    pub(super) fn object(
        &mut self,
        record: &Record<'_>,
        node: u32,
        row: u32,
        at: u32,
    ) -> Result<Vec<u8>, Stop> {
        self.instance += 1;
        let instance = self.instance;
        let end = record.tape.node(at).next;
        let mut before = NONE;
        let mut key_at = at + 1;
        let mut group = Vec::new();
        while key_at < end {
            let key = record.text(key_at);
            let value = key_at + 1;
            key_at = record.tape.node(value).next;
            let mut child = self.paths.find(node, before, key);
            if child == NONE {
                if !record.tape.has_data(value) {
                    continue;
                }
                child = self.new_path(node, key);
                if child == NONE {
                    self.spill(record, node, Some(key), value, &mut group)?;
                    continue;
                }
            }
            before = child;
            let path = self.paths.node_mut(child);
            if path.seen_in == instance {
                return Err(Stop::DuplicateKeys);
            }
            path.seen_in = instance;
            let opened = !matches!(path.rule, Some(Rule::Ignore | Rule::Json));
            if opened && record.tape.node(value).tag == Tag::Object {
                let inner = self.object(record, child, row, value)?;
                self.spill_group(node, child, key, &inner, &mut group);
            } else if !self.value(record, child, row, value)? {
                self.spill(record, node, Some(key), value, &mut group)?;
            }
        }
        Ok(group)
    }

    /// A node for a key not seen yet, or `NONE` when the table can take no new path.
    fn new_path(&mut self, parent: u32, key: &[u8]) -> u32 {
        let key = std::str::from_utf8(key).expect("the parser checked UTF-8");
        let settings = self.settings.rules.key(self.paths.node(parent).settings, key);
        let rule = self.settings.rules.rule(settings);
        let pointer_bytes = self.paths.node(parent).pointer_bytes as usize + escaped_bytes(key);
        let table = &self.tables[self.paths.node(parent).table as usize];
        let full = table.column_count >= self.settings.limits.columns_max
            && self.tables.len() > self.settings.limits.child_tables_max;
        if rule != Some(Rule::Ignore)
            && (pointer_bytes > PATH_BYTES_MAX
                || full
                || self.paths.len() as usize >= self.budget.paths_max)
        {
            return NONE;
        }
        let child = self.paths.add_key(parent, key, settings);
        self.paths.node_mut(child).rule = rule;
        child
    }

    /// Puts a value where it belongs. Answers false when the table can take no new column or
    /// child table for it.
    fn value(&mut self, record: &Record<'_>, node: u32, row: u32, at: u32) -> Result<bool, Stop> {
        let tag = record.tape.node(at).tag;
        if let Some(rule) = self.paths.node(node).rule {
            match rule {
                Rule::Ignore => return Ok(true),
                Rule::Json if !record.tape.has_data(at) => return Ok(true),
                Rule::Json => {
                    self.require_unique_keys(record)?;
                    return self.json(record, node, row, at);
                }
                Rule::Timestamp if tag == Tag::String => {
                    return self.timestamp(node, row, record.text(at));
                }
                Rule::Timestamp => {}
            }
        }
        match tag {
            Tag::Null => Ok(true),
            Tag::String => self.text(node, row, Slot::String, record.text(at)),
            Tag::Number => self.number(node, row, record.text(at)),
            Tag::True | Tag::False => {
                let value = tag == Tag::True;
                self.put(node, row, Slot::Boolean, |values| match values {
                    Values::Booleans(values) => values.push(value),
                    _ => unreachable!("a boolean slot holds booleans"),
                })
            }
            // An element: its own object leaves nothing to others.
            Tag::Object => self.object(record, node, row, at).map(|_| true),
            Tag::Array => self.array(record, node, row, at),
            Tag::Key => unreachable!("a key is no value"),
        }
    }

    #[inline]
    fn number(&mut self, node: u32, row: u32, text: &[u8]) -> Result<bool, Stop> {
        let double_owns = self.paths.node(node).double_owns;
        match Number::parse(text) {
            Number::Bigint(value) if double_owns && exact_in_f64(value) => {
                self.double(node, row, value as f64)
            }
            Number::Bigint(value) => self.bigint(node, row, Slot::Bigint, value),
            Number::Double(value) => self.double(node, row, value),
            Number::Wide(value) if double_owns => self.double(node, row, value),
            Number::Wide(_) => self.text(node, row, Slot::Wide, text),
            Number::Text => self.text(node, row, Slot::Number, text),
        }
    }

    #[inline]
    fn double(&mut self, node: u32, row: u32, value: f64) -> Result<bool, Stop> {
        self.put(node, row, Slot::Double, |values| match values {
            Values::Doubles(values) => values.push(value),
            _ => unreachable!("a double slot holds doubles"),
        })
    }

    fn timestamp(&mut self, node: u32, row: u32, text: &[u8]) -> Result<bool, Stop> {
        let source = std::str::from_utf8(text).expect("the parser checked UTF-8");
        let Some(millis) = timestamp::parse_millis(source) else {
            return self.text(node, row, Slot::String, text);
        };
        let regenerates = timestamp::canonical(millis).as_deref() == Some(source);
        // The text first: if only one of the two still fits, it must be the one that loses nothing.
        if !regenerates && !self.text(node, row, Slot::String, text)? {
            return Ok(false);
        }
        let put = self.bigint(node, row, Slot::Timestamp, millis)?;
        Ok(put || !regenerates)
    }

    #[inline]
    fn bigint(&mut self, node: u32, row: u32, slot: Slot, value: i64) -> Result<bool, Stop> {
        self.put(node, row, slot, |values| match values {
            Values::Bigints(values) => values.push(value),
            _ => unreachable!("a bigint slot holds bigints"),
        })
    }

    #[inline]
    fn text(&mut self, node: u32, row: u32, slot: Slot, text: &[u8]) -> Result<bool, Stop> {
        self.put(node, row, slot, |values| match values {
            Values::Texts(values) => values.push(text),
            _ => unreachable!("a text slot holds texts"),
        })
    }

    /// Appends to the column of `node` and `slot`, making it if the limits allow.
    #[inline]
    fn put(
        &mut self,
        node: u32,
        row: u32,
        slot: Slot,
        push: impl FnOnce(&mut Values),
    ) -> Result<bool, Stop> {
        let path = self.paths.node(node);
        let table = path.table as usize;
        let mut column = path.column(slot);
        if self.settings.reject_conflicts && budget::conflicts(self, node, slot) {
            return Err(Stop::Reject(self.conflict(node, slot)));
        }
        if column == NONE {
            column = self.new_column(node, slot);
            if column == NONE {
                return Ok(false);
            }
        }
        self.journal.touch(table as u32, column);
        let column = &mut self.tables[table].columns[column as usize].column;
        column.rows.push(row);
        push(&mut column.values);
        Ok(true)
    }

    fn new_column(&mut self, node: u32, slot: Slot) -> u32 {
        let counted = match budget::cost(self, node, slot) {
            budget::Cost::Free => None,
            budget::Cost::Counts(view_bytes) => Some(view_bytes),
            budget::Cost::TooMuch => return NONE,
        };
        let table = &mut self.tables[self.paths.node(node).table as usize];
        if let Some(view_bytes) = counted {
            table.column_count += 1;
            table.view_bytes += view_bytes;
            self.budget.path_bytes += self.paths.node(node).pointer_bytes as usize;
        }
        let ordinal = table.columns.len() as u32;
        let column = Column::new(empty_values(slot));
        table.columns.push(BatchColumn { node, slot, counted, column });
        self.paths.node_mut(node).set_column(slot, ordinal);
        ordinal
    }

    fn conflict(&self, node: u32, slot: Slot) -> Reason {
        Reason {
            code: "type_conflict",
            message: format!(
                "the table has another kind at this path than {}, and on_conflict is reject",
                slot.kind()
            ),
            pointer: Some(self.paths.pointer(node)),
        }
    }

    fn array(&mut self, record: &Record<'_>, node: u32, row: u32, at: u32) -> Result<bool, Stop> {
        let shape = array_shape(record.tape, record.source, at);
        let rules = &self.settings.rules;
        let elements = rules.elements(self.paths.node(node).settings);
        match shape {
            ArrayShape::NoData => Ok(true),
            ArrayShape::Children => self.children(record, node, row, at),
            _ if rules.rule(elements) == Some(Rule::Ignore) => Ok(true),
            // Rules further down: JSON text can leave out what they ignore.
            ArrayShape::List { .. } if elements.is_some_and(|below| rules.ignores_below(below)) => {
                self.json(record, node, row, at)
            }
            ArrayShape::List { levels, item, exact } => {
                let to_double = item == Scalar::Bigint
                    && exact
                    && self.paths.node(node).double_list_owns == levels;
                let item = if to_double { Scalar::Double } else { item };
                let slot = Slot::List { levels, item };
                self.put(node, row, slot, |values| match values {
                    Values::Lists(lists) => push_list(record.tape, record.source, at, lists),
                    _ => unreachable!("a list slot holds lists"),
                })
            }
            ArrayShape::Mixed => self.json(record, node, row, at),
        }
    }

    /// Keeps a value as JSON text.
    fn json(&mut self, record: &Record<'_>, node: u32, row: u32, at: u32) -> Result<bool, Stop> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        let settings = self.paths.node(node).settings;
        let rules = &self.settings.rules;
        render_kept(rules, settings, record.tape, record.source, at, &mut text);
        let put = self.text(node, row, Slot::Json, &text);
        self.scratch = text;
        put
    }

    /// The elements of an array that holds an object become rows of a child table.
    fn children(
        &mut self,
        record: &Record<'_>,
        node: u32,
        row: u32,
        at: u32,
    ) -> Result<bool, Stop> {
        let mut table = self.paths.node(node).child;
        if table == NONE {
            table = self.new_table(node);
            if table == NONE {
                return Ok(false);
            }
        }
        let mut element = at + 1;
        let end = record.tape.node(at).next;
        let mut index = 0;
        self.journal.touch(table, NONE);
        while element < end {
            let lineage = &mut self.tables[table as usize].lineage;
            let child_row = lineage.rows;
            lineage.rows += 1;
            lineage.record.push(self.record.row);
            lineage.parent_row.push(row);
            lineage.index.push(index);
            let root = self.tables[table as usize].root;
            let placed = self
                .value(record, root, child_row, element)
                .map_err(|stop| self.below_element(stop, node, index))?;
            if !placed {
                self.spill(record, root, None, element, &mut Vec::new())?;
            }
            self.tables[table as usize].end_row();
            element = record.tape.node(element).next;
            index += 1;
        }
        Ok(true)
    }

    /// A reject's pointer starts at the record, wherever the value was met.
    fn below_element(&self, stop: Stop, array: u32, index: u32) -> Stop {
        match stop {
            Stop::Reject(Reason { code, message, pointer: Some(below) }) => {
                let pointer = format!("{}/{index}{below}", self.paths.pointer(array));
                Stop::Reject(Reason { code, message, pointer: Some(pointer) })
            }
            other => other,
        }
    }

    fn new_table(&mut self, array: u32) -> u32 {
        let parent = self.paths.node(array).table;
        let level = self.tables[parent as usize].level + 1;
        let limits = &self.settings.limits;
        if level > limits.child_levels_max || self.tables.len() > limits.child_tables_max {
            return NONE;
        }
        let settings = self.settings.rules.elements(self.paths.node(array).settings);
        let rule = self.settings.rules.rule(settings);
        let table = self.tables.len() as u32;
        let root = self.paths.add_root(table, settings);
        self.paths.node_mut(root).rule = rule;
        self.paths.node_mut(array).child = table;
        self.tables.push(Table::new(NONE, parent, array, root, level));
        table
    }
}

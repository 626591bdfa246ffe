//! Documents in, columns out: one pass over each record's tape.

use super::budget::{self, Budget};
use super::lists::{ArrayShape, array_shape, push_list};
use super::paths::{NONE, Paths, Slot, escaped_bytes};
use super::rejects::{Reason, Rejects, WHOLE_DOCUMENT};
use super::rest::render_kept;
use super::table::{BatchColumn, Table, empty_values};
use super::take_back::Journal;
use super::values::{Column, Values};
use crate::document::Document;
use crate::json::{Tag, Tape, push_json_string};
use crate::kind::Scalar;
use crate::limits::PATH_BYTES_MAX;
use crate::number::{Number, exact_in_f64};
use crate::registry::Registry;
use crate::settings::{Rule, TableSettings};
use crate::timestamp;

/// A document of the batch, as far as rows need it.
#[derive(Debug, Clone)]
pub(crate) struct DocumentHead {
    pub(crate) id: String,
    pub(crate) received_at_ms: i64,
    pub(crate) principal: Option<String>,
}

/// Shapes the documents of one batch into columns.
///
/// Pure: the outcome depends on the registry, the settings and the documents in their order, and
/// on nothing else (I-6). Memory is bounded by the batch's bytes times a constant (I-7).
#[derive(Debug)]
pub struct Shaper<'a> {
    pub(super) base: &'a Registry,
    /// The base with the columns that the settings declare.
    pub(super) registry: Registry,
    pub(super) settings: &'a TableSettings,
    pub(super) paths: Paths,
    pub(super) tables: Vec<Table>,
    pub(super) rejects: Rejects,
    pub(super) documents: Vec<DocumentHead>,
    pub(super) records: u64,
    pub(super) budget: Budget,
    pub(super) journal: Journal,
    /// Counts object instances; see [`super::paths::PathNode::seen_in`].
    instance: u64,
    pub(super) tape: Tape,
    /// The parser's buffer for decoded strings.
    pub(super) text_buffer: Vec<u8>,
    scratch: Vec<u8>,
    /// The record being shaped.
    record: RecordState,
}

#[derive(Debug, Default)]
struct RecordState {
    /// Row in the root table.
    row: u32,
    bytes: usize,
    /// What went to `_rest` so far, of all its rows.
    rest_bytes: usize,
    /// The tape is known to have no duplicate keys.
    deduplicated: bool,
}

/// Why shaping a record stopped half-way.
enum Stop {
    /// An object has a key twice: keep the last ones and start again.
    DuplicateKeys,
    Reject(Reason),
}

/// How much more than the record itself its `_rest` may be before keys are written in groups.
const REST_FACTOR: usize = 4;
const REST_FREE_BYTES: usize = 4096;

impl<'a> Shaper<'a> {
    /// A shaper for one batch on top of `registry`, which stays as it is.
    #[must_use]
    pub fn new(registry: &'a Registry, settings: &'a TableSettings) -> Self {
        let with_declared = super::declare::with_declared(registry, settings);
        let mut shaper = Shaper {
            base: registry,
            registry: with_declared,
            settings,
            paths: Paths::default(),
            tables: Vec::new(),
            rejects: Rejects::default(),
            documents: Vec::new(),
            records: 0,
            budget: Budget::default(),
            journal: Journal::new(settings.reject_conflicts),
            instance: 0,
            tape: Tape::default(),
            text_buffer: Vec::new(),
            scratch: Vec::new(),
            record: RecordState::default(),
        };
        super::known::load(&mut shaper);
        shaper
    }

    /// Shapes one document. Every record becomes one root row or one reject (I-2); whatever the
    /// bytes are, nothing else happens.
    ///
    /// All documents of a batch have the same UTC receive date.
    pub fn document(&mut self, document: &Document<'_>) {
        let ordinal = self.begin_document(document);
        super::records::document(self, document, ordinal);
    }

    /// Rejects a record of a file that is too large to be shaped: `document.body` holds its first
    /// bytes, `total_bytes` is its size.
    pub fn oversize(&mut self, document: &Document<'_>, total_bytes: u64) {
        let ordinal = self.begin_document(document);
        let reason = Reason {
            code: "record_too_large",
            message: format!(
                "record of {total_bytes} bytes exceeds {}; content holds its first {} bytes",
                crate::limits::DOCUMENT_BYTES_MAX,
                document.body.len()
            ),
            pointer: None,
        };
        self.reject_document(ordinal, &reason, document.body);
    }

    fn begin_document(&mut self, document: &Document<'_>) -> u32 {
        self.journal.clear();
        self.documents.push(DocumentHead {
            id: document.id.as_str().to_owned(),
            received_at_ms: document.received_at_ms,
            principal: document.principal.map(str::to_owned),
        });
        self.documents.len() as u32 - 1
    }

    pub(super) fn reject_document(&mut self, ordinal: u32, reason: &Reason, content: &[u8]) {
        self.rejects.push(ordinal, WHOLE_DOCUMENT, reason, content);
    }

    pub(super) fn reject_record(&mut self, at: RecordAt, reason: &Reason, content: &[u8]) {
        self.records += 1;
        self.rejects.push(at.document, at.position, reason, content);
    }

    /// Shapes the record on the tape. `text`: the record's own bytes; `source`: what the tape was
    /// read from.
    pub(super) fn record(&mut self, at: RecordAt, source: &[u8], text: &[u8]) {
        let tape = std::mem::take(&mut self.tape);
        let tape = self.record_on(tape, at, source, text);
        self.tape = tape;
    }

    fn record_on(&mut self, mut tape: Tape, at: RecordAt, source: &[u8], text: &[u8]) -> Tape {
        if let Err(reason) = self.check(&tape, text) {
            self.reject_record(at, &reason, text);
            return tape;
        }
        let mark = self.mark();
        self.record = RecordState { row: mark.rows, bytes: text.len(), ..RecordState::default() };
        loop {
            let root = &mut self.tables[0];
            root.lineage.rows += 1;
            root.lineage.document.push(at.document);
            root.lineage.record.push(at.position);
            let node = root.root;
            match self.object(&Record { tape: &tape, source }, node, mark.rows, 0) {
                Ok(_) => {
                    self.tables[0].end_row();
                    self.records += 1;
                    return tape;
                }
                Err(Stop::DuplicateKeys) => {
                    self.take_back(mark);
                    tape.keep_last_keys(source);
                    self.record.deduplicated = true;
                    self.record.rest_bytes = 0;
                }
                Err(Stop::Reject(reason)) => {
                    self.take_back(mark);
                    self.reject_record(at, &reason, text);
                    return tape;
                }
            }
        }
    }

    /// What is judged before shaping.
    fn check(&self, tape: &Tape, text: &[u8]) -> Result<(), Reason> {
        if tape.node(0).tag != Tag::Object {
            return Err(Reason {
                code: "not_an_object",
                message: "a record is a JSON object".to_owned(),
                pointer: None,
            });
        }
        let Some(schema) = &self.settings.schema else {
            return Ok(());
        };
        match schema.check_text(text) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(mismatch)) => Err(Reason {
                code: "schema_mismatch",
                message: format!("the record does not match the schema's {}", mismatch.rule),
                pointer: Some(mismatch.pointer),
            }),
            Err(fault) => Err(Reason { code: fault.code, message: fault.what, pointer: None }),
        }
    }

    /// Answers the members that found no place and are left to the object around this one: JSON
    /// text with its first brace, empty when there are none, and always at a row's own object.
    fn object(
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
                Rule::Json => return self.json(record, node, row, at),
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

    /// Puts a value that found no place into the row's `_rest`. `node`: the object it is in, with
    /// its `key`; or the element itself, without one.
    fn spill(
        &mut self,
        record: &Record<'_>,
        node: u32,
        key: Option<&[u8]>,
        value: u32,
        group: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        // Keys that have no node cannot be seen twice: look at the whole record once.
        if !self.record.deduplicated {
            if record.has_duplicate_keys() {
                return Err(Stop::DuplicateKeys);
            }
            self.record.deduplicated = true;
        }
        let Shaper { settings, paths, .. } = &*self;
        let at = paths.node(node).settings;
        let rule = match key.map(std::str::from_utf8) {
            Some(key) => settings.rules.key(at, key.expect("the parser checked UTF-8")),
            None => at,
        };
        let rules = &settings.rules;
        let render = |out: &mut Vec<u8>| {
            render_kept(rules, rule, record.tape, record.source, value, out);
        };
        let table = &mut self.tables[self.paths.node(node).table as usize];
        let before = table.rest_bytes();
        let crowded = self.record.rest_bytes > REST_FREE_BYTES + REST_FACTOR * self.record.bytes;
        match key {
            Some(key) if crowded && self.paths.node(node).parent != NONE => {
                group.push(if group.is_empty() { b'{' } else { b',' });
                push_json_string(key, group);
                group.push(b':');
                render(group);
            }
            _ => {
                let mut pointer = self.paths.pointer(node);
                if let Some(key) = key {
                    let key = std::str::from_utf8(key).expect("the parser checked UTF-8");
                    crate::pointer::push_key(&mut pointer, key);
                }
                table.push_rest(&pointer, render);
            }
        }
        self.record.rest_bytes += table.rest_bytes() - before;
        Ok(())
    }

    /// Passes on what an inner object, at `child`, left: to the object around it or, at a row's own
    /// object, to `_rest`. So a long pointer is not written once for every object below it, and
    /// `_rest` is bounded by a multiple of the record (I-7).
    fn spill_group(
        &mut self,
        node: u32,
        child: u32,
        key: &[u8],
        inner: &[u8],
        group: &mut Vec<u8>,
    ) {
        if inner.is_empty() {
            return;
        }
        if self.paths.node(node).parent != NONE {
            group.push(if group.is_empty() { b'{' } else { b',' });
            push_json_string(key, group);
            group.push(b':');
            group.extend_from_slice(inner);
            group.push(b'}');
            return;
        }
        let pointer = self.paths.pointer(child);
        let table = &mut self.tables[self.paths.node(node).table as usize];
        table.push_rest(&pointer, |out| {
            out.extend_from_slice(inner);
            out.push(b'}');
        });
    }
}

/// Which record of the batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordAt {
    pub(super) document: u32,
    /// Position in the document.
    pub(super) position: u32,
}

/// A parsed record: its tape and what the tape was read from.
struct Record<'r> {
    tape: &'r Tape,
    source: &'r [u8],
}

impl<'r> Record<'r> {
    #[inline]
    fn text(&self, at: u32) -> &'r [u8] {
        self.tape.bytes(self.source, self.tape.node(at))
    }

    fn has_duplicate_keys(&self) -> bool {
        self.tape.has_duplicate_keys(self.source)
    }
}

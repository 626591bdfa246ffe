//! The end of a batch: columns get their names, the registry its next version.

use super::numbers;
use super::paths::{NONE, Slot};
use super::rejects::Rejects;
use super::shaped::{Shaped, ShapedTable};
use super::shaper::Shaper;
use super::table::{BatchColumn, Table};
use super::values::{Column, Values};
use crate::kind::{Kind, Scalar};
use crate::number::exact_in_f64;
use crate::registry::{ColumnSchema, Registry};
use crate::report::{Conflict, NewColumn, Report, TableReport};
use crate::timestamp::ingest_date;
use std::collections::{BTreeMap, BTreeSet};

impl Shaper<'_> {
    /// Ends the batch.
    #[must_use]
    pub fn finish(mut self) -> Shaped {
        let version = self.base.version + 1;
        let mut registry = std::mem::replace(&mut self.registry, self.base.clone());
        let mut report = Report {
            documents: self.documents.len() as u64,
            rejected_documents: self.rejects.whole_documents(),
            records: self.records,
            rejects: self.rejects.by_code(),
            ..Report::default()
        };
        let mut places = Vec::with_capacity(self.tables.len());
        let mut tables = Vec::new();
        for table in std::mem::take(&mut self.tables) {
            let place = self.place(&table, &places, &mut registry, version);
            places.push(place);
            let declared = registry.tables[place].columns.iter().filter(|c| c.since == version);
            let declared = declared.map(new_column).collect();
            tables.push(self.name_columns(table, place, &mut registry, &mut report, declared));
        }
        let rejects = std::mem::take(&mut self.rejects);
        self.date(&tables, &mut registry);
        if registry == *self.base {
            // Nothing new: the version stays.
        } else {
            registry.version = version;
        }
        Shaped::new(registry, report, std::mem::take(&mut self.documents), tables, rejects)
    }

    /// Where a table stands in the registry; a new one is added.
    fn place(
        &self,
        table: &Table,
        places: &[usize],
        registry: &mut Registry,
        version: u64,
    ) -> usize {
        match (table.registered, table.parent) {
            (NONE, parent) => {
                let path = self.paths.pointer(table.array);
                registry.child_table(places[parent as usize], &path, version)
            }
            (registered, _) => registered as usize,
        }
    }

    fn name_columns(
        &self,
        mut table: Table,
        place: usize,
        registry: &mut Registry,
        report: &mut Report,
        mut new_columns: Vec<NewColumn>,
    ) -> ShapedTable {
        let version = self.base.version + 1;
        let found = self.decide_numbers(std::mem::take(&mut table.columns));
        let schema = &mut registry.tables[place];
        let known: BTreeMap<(String, Kind), usize> = schema
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| ((column.path.clone(), column.kind), at))
            .collect();
        let mut columns = Vec::with_capacity(found.len());
        // Where a conflict can be new: looking at every path would be quadratic in the columns.
        let mut changed = BTreeSet::new();
        for (node, kind, column) in found {
            let path = self.paths.pointer(node);
            let at = match known.get(&(path.clone(), kind)) {
                Some(&at) => at,
                None => {
                    let at = schema.add_column(&path, kind, version);
                    new_columns.push(new_column(&schema.columns[at]));
                    changed.insert(path);
                    at
                }
            };
            if let Values::Bigints(values) = &column.values
                && kind == Kind::Scalar(Scalar::Bigint)
                && schema.columns[at].exact
            {
                let exact = values.iter().all(|&value| exact_in_f64(value));
                schema.columns[at].exact = exact;
                if !exact {
                    changed.insert(schema.columns[at].path.clone());
                }
            }
            columns.push((at, column));
        }
        columns.sort_by_key(|&(at, _)| at);
        let base = self.base.tables.get(place);
        for path in changed {
            let before = base.map_or(0, |base| base.shown_at(&path));
            if schema.shown_at(&path) > before.max(1) {
                report.conflicts.push(Conflict {
                    table: schema.name.clone(),
                    kinds: schema.at_path(&path).map(|column| column.kind).collect(),
                    path,
                });
            }
        }
        if table.lineage.rows > 0 || !new_columns.is_empty() {
            report.tables.push(TableReport {
                name: schema.name.clone(),
                rows: u64::from(table.lineage.rows),
                columns: schema.columns.len() as u64,
                new_columns,
            });
        }
        ShapedTable {
            place,
            parent: (table.parent != NONE).then_some(table.parent as usize),
            lineage: table.lineage,
            columns,
            rest: table.rest,
        }
    }

    /// The batch's columns by path and kind, in the order in which they first had a value.
    fn decide_numbers(&self, columns: Vec<BatchColumn>) -> Vec<(u32, Kind, Column)> {
        let mut at_path: BTreeMap<u32, Vec<(Slot, usize, Column)>> = BTreeMap::new();
        for (seen, column) in columns.into_iter().enumerate() {
            at_path.entry(column.node).or_default().push((column.slot, seen, column.column));
        }
        let mut decided = Vec::new();
        for (node, mut slots) in at_path {
            self.decide_at(node, &mut slots);
            decided.extend(slots.into_iter().map(|(slot, seen, column)| {
                ((column.rows.first(), seen), (node, slot.kind(), column))
            }));
        }
        decided.sort_by_key(|&(order, _)| order);
        decided.into_iter().map(|(_, column)| column).collect()
    }

    fn decide_at(&self, node: u32, slots: &mut Vec<(Slot, usize, Column)>) {
        let known = &self.paths.node(node).known;
        let creates_numbers = !known.iter().any(|kind| kind.is_numeric_scalar());
        if creates_numbers && let Some(mut doubles) = take(slots, Slot::Double) {
            if let Some((_, seen, mut bigints)) = take(slots, Slot::Bigint) {
                numbers::bigints_to_doubles(&mut bigints, &mut doubles.2);
                doubles.1 = doubles.1.min(seen);
                if bigints.rows.first().is_some() {
                    slots.push((Slot::Bigint, seen, bigints));
                }
            }
            if let Some((_, seen, wide)) = take(slots, Slot::Wide) {
                numbers::wide_to_doubles(wide, &mut doubles.2);
                doubles.1 = doubles.1.min(seen);
            }
            slots.push(doubles);
        }
        if let Some((_, seen, wide)) = take(slots, Slot::Wide) {
            let number = match take(slots, Slot::Number) {
                Some((_, other, texts)) => {
                    (Slot::Number, seen.min(other), numbers::merge_texts(&wide, &texts))
                }
                None => (Slot::Number, seen, wide),
            };
            slots.push(number);
        }
        self.decide_lists(node, slots);
        timestamp_first(slots);
    }

    fn decide_lists(&self, node: u32, slots: &mut Vec<(Slot, usize, Column)>) {
        let levels: Vec<u8> = slots
            .iter()
            .filter_map(|(slot, _, _)| match slot {
                Slot::List { levels, item: Scalar::Double } => Some(*levels),
                _ => None,
            })
            .collect();
        for levels in levels {
            let list = |item| Slot::List { levels, item };
            let known = &self.paths.node(node).known;
            let exists = |item| known.contains(&list(item).kind());
            if exists(Scalar::Bigint) || exists(Scalar::Double) {
                continue;
            }
            let Some((_, seen, mut bigints)) = take(slots, list(Scalar::Bigint)) else {
                continue;
            };
            let Some(mut doubles) = take(slots, list(Scalar::Double)) else {
                unreachable!("its level was just found");
            };
            numbers::list_bigints_to_doubles(&mut bigints, &mut doubles.2);
            doubles.1 = doubles.1.min(seen);
            slots.push(doubles);
            if bigints.rows.first().is_some() {
                slots.push((list(Scalar::Bigint), seen, bigints));
            }
        }
    }

    /// Keeps the earliest date that has rows.
    fn date(&self, tables: &[ShapedTable], registry: &mut Registry) {
        let has_rows = tables.iter().any(|table| table.lineage.rows > 0);
        let Some(first) = self.documents.first().filter(|_| has_rows) else {
            return;
        };
        let date = ingest_date(first.received_at_ms);
        if registry.first_date.as_ref().is_none_or(|known| date < *known) {
            registry.first_date = Some(date);
        }
    }
}

/// A timestamp whose text is kept beside it is the path's first kind, not its text.
fn timestamp_first(slots: &mut [(Slot, usize, Column)]) {
    let find =
        |slots: &[(Slot, usize, Column)], slot| slots.iter().position(|(s, _, _)| *s == slot);
    let (Some(time), Some(text)) = (find(slots, Slot::Timestamp), find(slots, Slot::String)) else {
        return;
    };
    let (time_seen, text_seen) = (slots[time].1, slots[text].1);
    if slots[time].2.rows.first() == slots[text].2.rows.first() && text_seen < time_seen {
        slots[time].1 = text_seen;
        slots[text].1 = time_seen;
    }
}

fn take(slots: &mut Vec<(Slot, usize, Column)>, slot: Slot) -> Option<(Slot, usize, Column)> {
    let at = slots.iter().position(|(s, _, _)| *s == slot)?;
    Some(slots.swap_remove(at))
}

fn new_column(column: &ColumnSchema) -> NewColumn {
    NewColumn { name: column.name.clone(), path: column.path.clone(), kind: column.kind }
}

impl Rejects {
    fn whole_documents(&self) -> u64 {
        let whole = self.record.iter().filter(|&&record| record == super::rejects::WHOLE_DOCUMENT);
        whole.count() as u64
    }
}

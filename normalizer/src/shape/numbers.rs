//! In the batch that creates a number column, all numbers of the batch decide together.

use super::texts::Texts;
use super::values::{Column, Lists, Values};
use crate::number::{Number, exact_in_f64};
use std::ops::Range;

/// Moves every bigint that f64 carries to the doubles of the same path; the others stay.
pub(super) fn bigints_to_doubles(bigints: &mut Column, doubles: &mut Column) {
    let (Values::Bigints(from), Values::Doubles(to)) = (&bigints.values, &doubles.values) else {
        unreachable!("bigint and double slots hold what they say");
    };
    let (go, stay): (Vec<_>, Vec<_>) =
        bigints.rows.rows().zip(from.iter().copied()).partition(|&(_, value)| exact_in_f64(value));
    let mut all: Vec<(u32, f64)> = doubles.rows.rows().zip(to.iter().copied()).collect();
    all.extend(go.into_iter().map(|(row, value)| (row, value as f64)));
    *doubles = double_column(all);
    let mut rest = Column::new(Values::Bigints(stay.iter().map(|&(_, value)| value).collect()));
    stay.iter().for_each(|&(row, _)| rest.rows.push(row));
    *bigints = rest;
}

/// Moves all integers beyond i64 to the doubles of the same path; f64 carries them all.
pub(super) fn wide_to_doubles(wide: Column, doubles: &mut Column) {
    let (Values::Texts(from), Values::Doubles(to)) = (&wide.values, &doubles.values) else {
        unreachable!("wide and double slots hold what they say");
    };
    let mut all: Vec<(u32, f64)> = doubles.rows.rows().zip(to.iter().copied()).collect();
    for (at, row) in wide.rows.rows().enumerate() {
        match Number::parse(from.get(at)) {
            Number::Wide(value) => all.push((row, value)),
            other => unreachable!("{other:?} is no wide integer"),
        }
    }
    *doubles = double_column(all);
}

fn double_column(mut values: Vec<(u32, f64)>) -> Column {
    values.sort_by_key(|&(row, _)| row);
    let mut column = Column::new(Values::Doubles(values.iter().map(|&(_, v)| v).collect()));
    values.iter().for_each(|&(row, _)| column.rows.push(row));
    column
}

/// Two text columns of one path, no row in both, as one.
pub(super) fn merge_texts(a: &Column, b: &Column) -> Column {
    let texts_of = |column: &'_ Column| match &column.values {
        Values::Texts(_) => column.rows.rows().collect::<Vec<_>>(),
        _ => unreachable!("number texts are texts"),
    };
    let mut order: Vec<(u32, bool, usize)> = Vec::new();
    for (second, column) in [(false, a), (true, b)] {
        order.extend(texts_of(column).into_iter().enumerate().map(|(at, row)| (row, second, at)));
    }
    order.sort_unstable();
    let mut texts = Texts::default();
    let mut merged = Column::new(Values::Texts(Texts::default()));
    for (row, second, at) in order {
        if let Values::Texts(from) = &(if second { b } else { a }).values {
            texts.push(from.get(at));
        }
        merged.rows.push(row);
    }
    merged.values = Values::Texts(texts);
    merged
}

/// Moves every list of bigints that f64 carries to the lists of doubles of the same path.
pub(super) fn list_bigints_to_doubles(bigints: &mut Column, doubles: &mut Column) {
    let (Values::Lists(from), Values::Lists(to)) = (&bigints.values, &doubles.values) else {
        unreachable!("list slots hold lists");
    };
    let (Values::Bigints(from_items), Values::Doubles(to_items)) = (&*from.items, &*to.items)
    else {
        unreachable!("lists hold the items they say");
    };
    let mut stay = Lists::new(from.levels, Values::Bigints(Vec::new()));
    let mut all = Lists::new(to.levels, Values::Doubles(Vec::new()));
    let mut left = Column::new(Values::Booleans(Vec::new()));
    let mut merged = Column::new(Values::Booleans(Vec::new()));
    let mut order: Vec<(u32, Option<Entry>, Option<Entry>)> = Vec::new();
    order.extend(doubles.rows.rows().zip(entries(to)).map(|(row, e)| (row, None, Some(e))));
    order.extend(bigints.rows.rows().zip(entries(from)).map(|(row, e)| (row, Some(e), None)));
    order.sort_by_key(|&(row, _, _)| row);
    for (row, bigint, double) in order {
        match (bigint, double) {
            (Some(e), _) if from_items[e.items.clone()].iter().all(|&v| exact_in_f64(v)) => {
                let items = from_items[e.items].iter().map(|&v| v as f64);
                append(&mut all, from, e.levels, |to| push_doubles(to, items));
                merged.rows.push(row);
            }
            (Some(e), _) => {
                append(&mut stay, from, e.levels, |to| {
                    if let Values::Bigints(to) = to {
                        to.extend_from_slice(&from_items[e.items]);
                    }
                });
                left.rows.push(row);
            }
            (None, Some(e)) => {
                let items = to_items[e.items].iter().copied();
                append(&mut all, to, e.levels, |to| push_doubles(to, items));
                merged.rows.push(row);
            }
            (None, None) => {}
        }
    }
    left.values = Values::Lists(stay);
    merged.values = Values::Lists(all);
    *bigints = left;
    *doubles = merged;
}

/// One list: its levels and its items.
struct Entry {
    levels: Range<usize>,
    items: Range<usize>,
}

fn entries(lists: &Lists) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut items = 0;
    for (at, &repetition) in lists.repetition.iter().enumerate() {
        if repetition == 0 {
            entries.push(Entry { levels: at..at, items: items..items });
        }
        items += usize::from(lists.definition[at] == lists.value_level());
        let entry = entries.last_mut().expect("the first level begins a list");
        entry.levels.end = at + 1;
        entry.items.end = items;
    }
    entries
}

fn append(to: &mut Lists, from: &Lists, levels: Range<usize>, items: impl FnOnce(&mut Values)) {
    to.repetition.extend_from_slice(&from.repetition[levels.clone()]);
    to.definition.extend_from_slice(&from.definition[levels]);
    items(&mut to.items);
}

fn push_doubles(to: &mut Values, items: impl Iterator<Item = f64>) {
    if let Values::Doubles(to) = to {
        to.extend(items);
    }
}

//! The values of one column, typed, in row order.

use super::runs::Runs;
use super::texts::Texts;

/// Values without the rows they belong to.
#[derive(Debug)]
pub(crate) enum Values {
    Booleans(Vec<bool>),
    /// Bigints, and timestamps as milliseconds.
    Bigints(Vec<i64>),
    Doubles(Vec<f64>),
    /// Strings, numbers and JSON as text.
    Texts(Texts),
    Lists(Lists),
}

/// Lists as Parquet levels: one entry a list begins where `repetition` is 0.
#[derive(Debug)]
pub(crate) struct Lists {
    /// Levels of arrays.
    pub(crate) levels: u8,
    /// 0 begins a list, `n` continues the array at level `n`.
    pub(crate) repetition: Vec<u8>,
    /// At level `n` (from 1): `2n-1` an empty array, `2n` a null element; `2*levels+1` a value.
    pub(crate) definition: Vec<u8>,
    /// The innermost values that are not null.
    pub(crate) items: Box<Values>,
}

/// Values and their rows.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) rows: Runs,
    pub(crate) values: Values,
}

impl Values {
    /// Drops all but the first `len` scalars.
    fn truncate(&mut self, len: usize) {
        match self {
            Values::Booleans(values) => values.truncate(len),
            Values::Bigints(values) => values.truncate(len),
            Values::Doubles(values) => values.truncate(len),
            Values::Texts(values) => values.truncate(len),
            Values::Lists(_) => unreachable!("the items of a list are scalars"),
        }
    }

    /// How many scalars.
    pub(crate) fn len(&self) -> usize {
        match self {
            Values::Booleans(values) => values.len(),
            Values::Bigints(values) => values.len(),
            Values::Doubles(values) => values.len(),
            Values::Texts(values) => values.len(),
            Values::Lists(_) => unreachable!("the items of a list are scalars"),
        }
    }
}

impl Lists {
    pub(crate) fn new(levels: u8, items: Values) -> Self {
        Lists { levels, repetition: Vec::new(), definition: Vec::new(), items: Box::new(items) }
    }

    /// The definition level of an innermost value.
    pub(crate) fn value_level(&self) -> u8 {
        2 * self.levels + 1
    }

    #[inline]
    pub(crate) fn push_level(&mut self, repetition: u8, definition: u8) {
        self.repetition.push(repetition);
        self.definition.push(definition);
    }

    /// Drops the last `lists` lists; costs as much as they are long.
    fn drop_last(&mut self, lists: usize) {
        let mut left = lists;
        let mut items = self.items.len();
        while left > 0 {
            let level = self.repetition.pop().expect("as many lists were pushed");
            if self.definition.pop() == Some(self.value_level()) {
                items -= 1;
            }
            left -= usize::from(level == 0);
        }
        self.items.truncate(items);
    }
}

impl Column {
    pub(crate) fn new(values: Values) -> Self {
        Column { rows: Runs::default(), values }
    }

    /// Appends to a text column.
    pub(crate) fn push_text(&mut self, row: u32, text: &[u8]) {
        self.rows.push(row);
        match &mut self.values {
            Values::Texts(texts) => texts.push(text),
            _ => unreachable!("a text column holds texts"),
        }
    }

    /// Takes back everything in `row` and later.
    pub(crate) fn truncate(&mut self, row: u32) {
        let removed = self.rows.truncate(row);
        if removed > 0 {
            match &mut self.values {
                Values::Lists(lists) => lists.drop_last(removed),
                values => values.truncate(values.len() - removed),
            }
        }
    }
}

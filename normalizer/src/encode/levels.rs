//! Definition and repetition levels, page by page.

use super::hybrid::Hybrid;
use crate::shape::{Lists, Runs};

/// Walks a column's rows while its pages are written.
pub(super) enum Levels<'c> {
    /// Every row has a value: no levels at all.
    Required { at: usize },
    /// A value or null a row.
    Optional { walk: Walk<'c>, at: usize },
    /// A list or null a row.
    List { walk: Walk<'c>, lists: &'c Lists, entry: usize, at: usize },
}

/// Rows with and without a value.
pub(super) struct Walk<'c> {
    runs: &'c [(u32, u32)],
    rows: u32,
    row: u32,
}

/// What a page holds.
pub(super) struct Page {
    /// The first value of the next page.
    pub(super) to: usize,
    /// Level entries, nulls included.
    pub(super) entries: usize,
}

impl<'c> Levels<'c> {
    pub(super) fn required() -> Self {
        Levels::Required { at: 0 }
    }

    pub(super) fn optional(runs: &'c Runs, rows: u32) -> Self {
        Levels::Optional { walk: Walk { runs: runs.as_slice(), rows, row: 0 }, at: 0 }
    }

    pub(super) fn list(lists: &'c Lists, runs: &'c Runs, rows: u32) -> Self {
        let walk = Walk { runs: runs.as_slice(), rows, row: 0 };
        Levels::List { walk, lists, entry: 0, at: 0 }
    }

    /// Appends the levels of the page that ends before value `to`, of `total` values in all. A
    /// list is never cut, so the page may end later. The last page takes the rows that remain.
    pub(super) fn page(&mut self, to: usize, total: usize, body: &mut Vec<u8>) -> Page {
        match self {
            Levels::Required { at } => {
                let entries = to - *at;
                *at = to;
                Page { to, entries }
            }
            Levels::Optional { walk, at } => {
                let mut entries = 0;
                with_length(body, |out| {
                    let mut hybrid = Hybrid::new(1, out);
                    let mut left = to - *at;
                    while left > 0 {
                        let (gap, run) = walk.next_run(left);
                        hybrid.push_run(0, gap);
                        hybrid.push_run(1, run);
                        entries += gap + run;
                        left -= run;
                    }
                    if to == total {
                        let gap = walk.remaining();
                        hybrid.push_run(0, gap);
                        entries += gap;
                    }
                    hybrid.finish();
                });
                *at = to;
                Page { to, entries }
            }
            Levels::List { walk, lists, entry, at } => {
                let (page, next) = list_page(walk, lists, *entry, *at, to, total, body);
                *entry = next;
                *at = page.to;
                page
            }
        }
    }
}

fn list_page(
    walk: &mut Walk<'_>,
    lists: &Lists,
    first: usize,
    mut at: usize,
    to: usize,
    total: usize,
    body: &mut Vec<u8>,
) -> (Page, usize) {
    let mut repetition_bytes = Vec::new();
    let mut definition_bytes = Vec::new();
    let value_level = u32::from(lists.value_level());
    let mut repetition =
        Hybrid::new(Hybrid::width_of(u32::from(lists.levels)), &mut repetition_bytes);
    let mut definition = Hybrid::new(Hybrid::width_of(value_level), &mut definition_bytes);
    let mut entries = 0;
    let mut next = first;
    while next < lists.repetition.len() {
        let level = u32::from(lists.repetition[next]);
        if level == 0 {
            // The page that has the last value takes the lists without a value after it, too.
            if at >= to && at < total {
                break;
            }
            let (gap, _) = walk.next_run(1);
            repetition.push_run(0, gap);
            definition.push_run(0, gap);
            entries += gap;
        }
        let defined = u32::from(lists.definition[next]);
        repetition.push_run(level, 1);
        definition.push_run(defined, 1);
        entries += 1;
        at += usize::from(defined == value_level);
        next += 1;
    }
    if next == lists.repetition.len() {
        let gap = walk.remaining();
        repetition.push_run(0, gap);
        definition.push_run(0, gap);
        entries += gap;
    }
    repetition.finish();
    definition.finish();
    for bytes in [repetition_bytes, definition_bytes] {
        with_length(body, |out| out.extend_from_slice(&bytes));
    }
    (Page { to: at, entries }, next)
}

impl Walk<'_> {
    /// Goes on past at most `most` rows with a value; answers the rows without one before them,
    /// and how many with one. There must be one left.
    fn next_run(&mut self, most: usize) -> (usize, usize) {
        let (start, end) = self.runs[0];
        let from = start.max(self.row);
        let gap = (from - self.row) as usize;
        let run = most.min((end - from) as usize);
        self.row = from + run as u32;
        if self.row == end {
            self.runs = &self.runs[1..];
        }
        (gap, run)
    }

    /// Goes to the end, where only rows without a value are left; answers how many.
    fn remaining(&mut self) -> usize {
        (self.rows - std::mem::replace(&mut self.row, self.rows)) as usize
    }
}

/// Appends what `write` appends, with its length (u32, little endian) before it.
fn with_length(body: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = body.len();
    body.extend_from_slice(&[0; 4]);
    write(body);
    let length = (body.len() - at - 4) as u32;
    body[at..at + 4].copy_from_slice(&length.to_le_bytes());
}

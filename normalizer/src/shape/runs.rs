//! Which rows of a table a column has a value in.

/// Ascending, disjoint runs of rows `[start, end)`: one run for a column that every row has.
#[derive(Debug, Default, Clone)]
pub(crate) struct Runs {
    runs: Vec<(u32, u32)>,
}

impl Runs {
    /// Every one of `rows` rows.
    pub(crate) fn all(rows: u32) -> Self {
        Runs { runs: if rows == 0 { Vec::new() } else { vec![(0, rows)] } }
    }

    /// `row` is higher than every row before.
    #[inline]
    pub(crate) fn push(&mut self, row: u32) {
        match self.runs.last_mut() {
            Some((_, end)) if *end == row => *end += 1,
            _ => self.runs.push((row, row + 1)),
        }
    }

    /// Forgets `row` and later ones; answers how many rows that were.
    pub(crate) fn truncate(&mut self, row: u32) -> usize {
        let mut removed = 0;
        while let Some((start, end)) = self.runs.last_mut() {
            if *end <= row {
                break;
            }
            let keep = row.max(*start);
            removed += (*end - keep) as usize;
            *end = keep;
            if start == end {
                self.runs.pop();
            }
        }
        removed
    }

    pub(crate) fn first(&self) -> Option<u32> {
        self.runs.first().map(|&(start, _)| start)
    }

    pub(crate) fn as_slice(&self) -> &[(u32, u32)] {
        &self.runs
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = u32> + '_ {
        self.runs.iter().flat_map(|&(start, end)| start..end)
    }
}

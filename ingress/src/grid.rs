//! Rows of any width, fitted to a terminal.

use crate::text::plain;
use std::fmt::Write;
use terminal_size::{Width, terminal_size};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Rows under a header. Unlike [`Columns`](crate::text::Columns) it cuts cells so that a row is a
/// line.
#[derive(Debug)]
pub(crate) struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// One value.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Text(String),
    /// Right-aligned.
    Number(String),
    Null,
}

/// Between columns.
const GAP: usize = 2;
/// A column is never cut to less.
const WIDTH_MIN: usize = 6;

impl Cell {
    /// A value of an answer; arrays and objects as their JSON.
    pub(crate) fn of(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Cell::Null,
            serde_json::Value::String(text) => Cell::Text(text.clone()),
            serde_json::Value::Number(number) => Cell::Number(number.to_string()),
            other => Cell::Text(other.to_string()),
        }
    }

    fn text(&self) -> &str {
        match self {
            Cell::Text(text) | Cell::Number(text) => text,
            Cell::Null => "",
        }
    }
}

impl Grid {
    pub(crate) fn new(header: impl IntoIterator<Item = String>) -> Self {
        let header = header.into_iter().map(|name| plain(&name).into_owned()).collect();
        Grid { header, rows: Vec::new() }
    }

    /// Adds a row of as many cells as the header has.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let escape = |cell| match cell {
            Cell::Text(text) => Cell::Text(plain(&text).into_owned()),
            other => other,
        };
        self.rows.push(cells.into_iter().map(escape).collect());
    }

    /// Appends header and rows to `out`, no line wider than `width_max` if there is one and the
    /// columns can be cut so far.
    pub(crate) fn write(&self, out: &mut String, width_max: Option<usize>) {
        let columns = self.header.len();
        let cell =
            |row: &'_ Vec<Cell>, column: usize| row.get(column).cloned().unwrap_or(Cell::Null);
        let natural: Vec<usize> = (0..columns)
            .map(|column| {
                let cells =
                    self.rows.iter().map(|row| row.get(column).map_or(0, |c| c.text().width()));
                cells.chain([self.header[column].width()]).max().unwrap_or(0)
            })
            .collect();
        let widths = fit(&natural, width_max);
        let right: Vec<bool> = (0..columns)
            .map(|column| {
                let mut any = false;
                self.rows.iter().all(|row| match row.get(column) {
                    Some(Cell::Number(_)) => {
                        any = true;
                        true
                    }
                    Some(Cell::Text(_)) => false,
                    _ => true,
                }) && any
            })
            .collect();
        let header: Vec<Cell> = self.header.iter().cloned().map(Cell::Text).collect();
        let rule: Vec<Cell> = widths.iter().map(|width| Cell::Text("-".repeat(*width))).collect();
        for row in [&header, &rule].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for column in 0..columns {
                let text = cut(cell(row, column).text(), widths[column]);
                let padding = " ".repeat(widths[column].saturating_sub(text.width()));
                // Writing to a string cannot fail.
                let _ = match right[column] {
                    true => write!(line, "{padding}{text}"),
                    false => write!(line, "{text}{padding}"),
                };
                line.push_str(&" ".repeat(GAP));
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

/// The terminal's width in columns; none where standard output is no terminal.
pub(crate) fn terminal_width() -> Option<usize> {
    let (Width(width), _) = terminal_size()?;
    std::io::IsTerminal::is_terminal(&std::io::stdout()).then_some(usize::from(width))
}

/// The widest columns are cut, all to the same width.
fn fit(natural: &[usize], width_max: Option<usize>) -> Vec<usize> {
    let Some(width_max) = width_max else {
        return natural.to_vec();
    };
    let room = width_max.saturating_sub(GAP * natural.len().saturating_sub(1));
    let total = |cap: usize| natural.iter().map(|width| *width.min(&cap)).sum::<usize>();
    let widest = natural.iter().copied().max().unwrap_or(0);
    let (mut low, mut high) = (WIDTH_MIN, widest.max(WIDTH_MIN));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if total(middle) <= room {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    natural.iter().map(|width| *width.min(&low)).collect()
}

/// `text`, cut to `width` columns with `…` at its end.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        shown.push(c);
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::{Cell, Grid, cut, fit};
    use serde_json::json;

    #[test]
    fn rows_line_up_under_their_header() {
        let mut grid = Grid::new(["order", "total"].map(str::to_owned));
        for row in [json!(["A-1", 59.9]), json!(["A\n2", null]), json!([["x"], 7])] {
            grid.row(row.as_array().expect("an array").iter().map(Cell::of));
        }
        let mut out = String::new();
        grid.write(&mut out, None);
        let expected = "\
order  total
-----  -----
A-1     59.9
A\\n2
[\"x\"]      7
";
        assert_eq!(out, expected);
    }

    #[test]
    fn wide_columns_are_cut_to_the_terminal() {
        assert_eq!(fit(&[4, 100, 30], Some(50)), [4, 21, 21]);
        assert_eq!(fit(&[4, 10], Some(80)), [4, 10]);
        assert_eq!(fit(&[40, 40], Some(5)), [6, 6]);
        assert_eq!(fit(&[40, 40], None), [40, 40]);
        assert_eq!(fit(&[], Some(5)), [0; 0]);
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("価格価格", 6), "価格…");
    }
}

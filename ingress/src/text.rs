//! Text for people: numbers, sizes, and columns that line up.

use std::borrow::Cow;
use std::fmt::Write;

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 document`, `2 documents`, `1 batch`, `2 batches`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let ending = match noun {
        _ if number == 1 => "",
        _ if noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{} {noun}{ending}", count(number))
}

/// Bytes in decimal units, three digits or so: `812 bytes`, `1.2 KB`, `93.1 MB`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn bytes(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} bytes"),
        1_000..999_950 => format!("{:.1} KB", number as f64 / 1e3),
        999_950..999_950_000 => format!("{:.1} MB", number as f64 / 1e6),
        _ => format!("{:.2} GB", number as f64 / 1e9),
    }
}

/// Text from outside, safe to print: what moves a terminal's cursor, changes its colours or the
/// order of letters, or begins a line is shown as an escape (`\u{1b}`).
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| match is_unsafe(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Control characters (C0, DEL, C1), line separators, and what orders letters.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Where a cell's text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells, two spaces between columns. A column is as wide as its widest cell, but no cell
/// makes it wider than `WIDTH_MAX`: a longer one pushes its own row only, nothing is cut off.
pub(crate) struct Columns<const N: usize> {
    aligns: [Align; N],
    rows: Vec<[String; N]>,
}

const WIDTH_MAX: usize = 36;

impl<const N: usize> Columns<N> {
    pub(crate) fn new(aligns: [Align; N]) -> Self {
        Columns { aligns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| plain(&cell).into_owned()));
    }

    /// Appends the rows to `out`, each indented by `indent` spaces.
    pub(crate) fn write(&self, out: &mut String, indent: usize) {
        let width_of = |column: usize| {
            let widths = self.rows.iter().map(|row| row[column].chars().count());
            widths.filter(|width| *width <= WIDTH_MAX).max().unwrap_or(0)
        };
        let widths: [usize; N] = std::array::from_fn(width_of);
        for row in &self.rows {
            let mut line = " ".repeat(indent);
            for ((cell, align), width) in row.iter().zip(self.aligns).zip(widths) {
                // Writing to a string cannot fail.
                let _ = match align {
                    Align::Left => write!(line, "{cell:<width$}  "),
                    Align::Right => write!(line, "{cell:>width$}  "),
                };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

/// Appends words joined by `, `, broken into lines of at most 80 characters where words allow,
/// each indented by `indent` spaces.
pub(crate) fn wrap(out: &mut String, indent: usize, words: impl Iterator<Item = String>) {
    const LINE_CHARS: usize = 80;
    let mut line = String::new();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let mut word = plain(&word).into_owned();
        if words.peek().is_some() {
            word.push(',');
        }
        let chars = indent + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && chars > LINE_CHARS {
            let _ = writeln!(out, "{:indent$}{line}", "");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

#[cfg(test)]
mod tests {
    use super::{Align, Columns, bytes, count, counted, plain, wrap};

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "batch"), "1 batch");
        assert_eq!(counted(0, "batch"), "0 batches");
        assert_eq!(counted(1_000, "document"), "1,000 documents");
        let sizes = [0, 999, 1_000, 999_949, 999_950, 93_100_000, 4_200_000_000];
        let expected =
            ["0 bytes", "999 bytes", "1.0 KB", "999.9 KB", "1.0 MB", "93.1 MB", "4.20 GB"];
        assert_eq!(sizes.map(bytes), expected);
    }

    #[test]
    fn columns_line_up_and_nothing_is_cut() {
        let mut columns = Columns::new([Align::Left, Align::Right]);
        columns.row(["table".to_owned(), "rows".to_owned()]);
        columns.row(["a".to_owned(), "1".to_owned()]);
        columns.row(["x".repeat(40), "12,345".to_owned()]);
        let mut out = String::new();
        columns.write(&mut out, 2);
        let long = "x".repeat(40);
        assert_eq!(out, format!("  table    rows\n  a           1\n  {long}  12,345\n"));
    }

    #[test]
    fn what_could_steer_a_terminal_is_shown_as_an_escape() {
        for text in ["", "orders", "/größe/価格/🦀", "a b"] {
            assert_eq!(plain(text), text);
        }
        let hostile = "\u{1b}[2J\r\n\t\u{7f}\u{9b}31m\u{85}\u{202e}gpj\u{2066}\u{200f}\u{2028}";
        let expected = concat!(
            r"\u{1b}[2J\r\n\t\u{7f}\u{9b}31m\u{85}",
            r"\u{202e}gpj\u{2066}\u{200f}\u{2028}"
        );
        assert_eq!(plain(hostile), expected);
    }

    #[test]
    fn words_wrap_at_eighty() {
        let mut out = String::new();
        wrap(&mut out, 4, (0..12).map(|n| format!("column_{n}")));
        let lines: Vec<_> = out.lines().collect();
        assert_eq!(lines.len(), 2, "{out}");
        assert!(lines.iter().all(|line| line.len() <= 80 && line.starts_with("    column_")));
        assert!(!out.trim_end().ends_with(','));
    }
}

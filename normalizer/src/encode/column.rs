//! A column's values as pages.

use super::EncodeError;
use super::dictionary::{self, Coded};
use super::hybrid::Hybrid;
use super::levels::Levels;
use super::pages::{Chunk, Pages};
use super::stats;
use crate::shape::{Column, Dictionary, Plain, Texts, Values};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::writer::ColumnCloseResult;
use parquet::schema::types::ColumnDescPtr;

/// Values of one data page before compression, bytes: what Parquet writers commonly take.
const PAGE_BYTES: usize = 1 << 20;

/// Values of one data page at most, where they take less than a byte.
const PAGE_VALUES: usize = 1 << 20;

/// Encodes a column of a table with `rows` rows.
///
/// # Errors
/// [`EncodeError`], which stands for a bug: any values of any column can be encoded.
pub(super) fn encode(
    pages: &mut Pages,
    descriptor: ColumnDescPtr,
    column: &Column,
    rows: u32,
    required: bool,
) -> Result<(Bytes, ColumnCloseResult), EncodeError> {
    let (items, levels) = match &column.values {
        Values::Lists(lists) => (&*lists.items, Levels::list(lists, &column.rows, rows)),
        values if required => (values, Levels::required()),
        values => (values, Levels::optional(&column.rows, rows)),
    };
    let mut writer = Writer { chunk: pages.chunk(), levels, body: Vec::new() };
    match items {
        Values::Booleans(values) => writer.booleans(values)?,
        Values::Bigints(values) => writer.fixed(values, |v| v as u64)?,
        Values::Doubles(values) => writer.fixed(values, f64::to_bits)?,
        Values::Texts(Texts::Plain(plain)) => writer.texts(plain)?,
        Values::Texts(Texts::Dictionary(dictionary)) => writer.coded_texts(dictionary)?,
        Values::Lists(_) => unreachable!("the items of a list are scalars"),
    }
    let nulls = writer.chunk.values() - items.len() as u64;
    writer.chunk.finish(descriptor, u64::from(rows), stats::of(items, nulls))
}

struct Writer<'p> {
    chunk: Chunk<'p>,
    levels: Levels<'p>,
    body: Vec<u8>,
}

impl Writer<'_> {
    /// Writes `total` values in pages: `end` proposes where the page that starts at a value ends,
    /// `put` appends a page's values.
    fn pages(
        &mut self,
        total: usize,
        encoding: Encoding,
        end: impl Fn(usize) -> usize,
        put: impl Fn(usize, usize, &mut Vec<u8>),
    ) -> Result<(), EncodeError> {
        let mut from = 0;
        // A column of nulls and empty lists has no value, and one page.
        loop {
            self.body.clear();
            let proposed = if from < total { end(from).min(total) } else { total };
            let page = self.levels.page(proposed, total, &mut self.body);
            put(from, page.to, &mut self.body);
            self.chunk.data(&self.body, page.entries, encoding)?;
            from = page.to;
            if from >= total {
                return Ok(());
            }
        }
    }

    fn booleans(&mut self, values: &[bool]) -> Result<(), EncodeError> {
        self.pages(
            values.len(),
            Encoding::PLAIN,
            |from| from + PAGE_VALUES,
            |from, to, body| {
                body.extend(values[from..to].chunks(8).map(|eight| {
                    eight.iter().enumerate().fold(0, |byte, (i, &bit)| byte | (u8::from(bit) << i))
                }));
            },
        )
    }

    /// Values of eight bytes; `bits` gives them as Parquet stores them.
    fn fixed<T: Copy>(
        &mut self,
        values: &[T],
        bits: impl Fn(T) -> u64 + Copy,
    ) -> Result<(), EncodeError> {
        if let Some(Coded { entries, codes }) = dictionary::of(values, bits) {
            let plain: Vec<u8> = entries.iter().flat_map(|entry| entry.to_le_bytes()).collect();
            self.chunk.dictionary(&plain, entries.len())?;
            return self.codes(&codes, entries.len());
        }
        self.pages(
            values.len(),
            Encoding::PLAIN,
            |from| from + PAGE_BYTES / 8,
            |from, to, body| {
                body.extend(values[from..to].iter().flat_map(|&value| bits(value).to_le_bytes()));
            },
        )
    }

    fn texts(&mut self, plain: &Plain) -> Result<(), EncodeError> {
        self.pages(
            plain.len(),
            Encoding::PLAIN,
            |from| plain.page_end(from, PAGE_BYTES),
            |from, to, body| body.extend_from_slice(plain.encoded(from, to)),
        )
    }

    fn coded_texts(&mut self, dictionary: &Dictionary) -> Result<(), EncodeError> {
        let entries = dictionary.entries();
        if 2 * entries.len() > dictionary.codes().len() {
            // Mostly different texts: a dictionary would store them and the codes as well.
            return self.texts(&dictionary.to_plain());
        }
        self.chunk.dictionary(entries.encoded(0, entries.len()), entries.len())?;
        self.codes(dictionary.codes(), entries.len())
    }

    fn codes(&mut self, codes: &[u32], entries: usize) -> Result<(), EncodeError> {
        let width = Hybrid::width_of(entries.saturating_sub(1) as u32);
        self.pages(
            codes.len(),
            Encoding::RLE_DICTIONARY,
            |from| from + PAGE_VALUES,
            |from, to, body| {
                body.push(width as u8);
                let mut hybrid = Hybrid::new(width, body);
                hybrid.push_all(&codes[from..to]);
                hybrid.finish();
            },
        )
    }
}

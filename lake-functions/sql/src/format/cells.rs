//! A column's values, told apart by type once a batch and not once a value.

use datafusion::arrow::array::{
    Array, AsArray, BooleanArray, Float64Array, GenericListArray, Int64Array, LargeStringArray,
    OffsetSizeTrait, StringArray, StringViewArray,
};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::Result;
use serde::Serialize;
use std::io::Write;

/// The values of one column of a batch.
pub(super) struct Cells<'a> {
    array: &'a dyn Array,
    values: Values<'a>,
}

enum Values<'a> {
    Booleans(&'a BooleanArray),
    Integers(&'a Int64Array),
    Doubles(&'a Float64Array),
    Texts(Texts<'a>),
    /// Numbers whose printed form is JSON's, unless they are not finite.
    Numbers(ArrayFormatter<'a>),
    Lists(Items<'a>),
    /// Timestamps, dates and what else has a text.
    Others(ArrayFormatter<'a>),
}

enum Texts<'a> {
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
}

/// The elements of all lists of a column, and where each list's are.
struct Items<'a> {
    cells: Box<Cells<'a>>,
    bounds: Bounds<'a>,
}

enum Bounds<'a> {
    Small(&'a [i32]),
    Large(&'a [i64]),
    Fixed(usize),
}

impl<'a> Cells<'a> {
    pub(super) fn new(array: &'a dyn Array) -> Result<Self> {
        let values = match array.data_type() {
            DataType::Boolean => Values::Booleans(array.as_boolean()),
            DataType::Int64 => Values::Integers(array.as_primitive::<Int64Type>()),
            DataType::Float64 => Values::Doubles(array.as_primitive::<Float64Type>()),
            DataType::Utf8 => Values::Texts(Texts::Small(array.as_string())),
            DataType::LargeUtf8 => Values::Texts(Texts::Large(array.as_string())),
            DataType::Utf8View => Values::Texts(Texts::View(array.as_string_view())),
            DataType::List(_) => Values::Lists(Items::of(array.as_list::<i32>(), Bounds::Small)?),
            DataType::LargeList(_) => {
                Values::Lists(Items::of(array.as_list::<i64>(), Bounds::Large)?)
            }
            DataType::FixedSizeList(_, length) => {
                let lists = array.as_fixed_size_list();
                let cells = Box::new(Cells::new(&**lists.values())?);
                let length = usize::try_from(*length).unwrap_or_default();
                Values::Lists(Items { cells, bounds: Bounds::Fixed(length) })
            }
            other if other.is_numeric() => Values::Numbers(formatter(array)?),
            _ => Values::Others(formatter(array)?),
        };
        Ok(Cells { array, values })
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        self.array.is_null(row) || self.array.data_type().is_null()
    }

    /// The value as JSON. Numbers that JSON does not have (NaN, infinities) are null.
    pub(super) fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return;
        }
        match &self.values {
            Values::Booleans(values) => print(out, values.value(row)),
            Values::Integers(values) => print(out, values.value(row)),
            Values::Doubles(values) => match values.value(row) {
                value if value.is_finite() => serialize(out, &value),
                _ => out.extend_from_slice(b"null"),
            },
            Values::Texts(texts) => serialize(out, texts.value(row)),
            Values::Numbers(texts) => {
                let text = texts.value(row).to_string();
                let finite = text
                    .bytes()
                    .all(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
                out.extend_from_slice(if finite { text.as_bytes() } else { b"null" });
            }
            Values::Lists(items) => items.write_json(row, out),
            Values::Others(texts) => serialize(out, &texts.value(row).to_string()),
        }
    }

    /// The value as plain text: texts as they are, everything else as in JSON without quotes.
    /// `None` for null.
    pub(super) fn text(&self, row: usize) -> Option<String> {
        if self.is_null(row) {
            return None;
        }
        Some(match &self.values {
            Values::Texts(texts) => texts.value(row).to_owned(),
            Values::Doubles(values) if !values.value(row).is_finite() => {
                values.value(row).to_string()
            }
            Values::Numbers(texts) | Values::Others(texts) => texts.value(row).to_string(),
            _ => {
                let mut json = Vec::new();
                self.write_json(row, &mut json);
                String::from_utf8_lossy(&json).into_owned()
            }
        })
    }
}

impl Texts<'_> {
    fn value(&self, row: usize) -> &str {
        match self {
            Texts::Small(values) => values.value(row),
            Texts::Large(values) => values.value(row),
            Texts::View(values) => values.value(row),
        }
    }
}

impl<'a> Items<'a> {
    fn of<O: OffsetSizeTrait>(
        lists: &'a GenericListArray<O>,
        bounds: impl FnOnce(&'a [O]) -> Bounds<'a>,
    ) -> Result<Self> {
        let cells = Box::new(Cells::new(&**lists.values())?);
        Ok(Items { cells, bounds: bounds(lists.value_offsets()) })
    }

    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        let index = |offset: i64| usize::try_from(offset).unwrap_or_default();
        let (start, end) = match self.bounds {
            Bounds::Small(offsets) => (index(offsets[row].into()), index(offsets[row + 1].into())),
            Bounds::Large(offsets) => (index(offsets[row]), index(offsets[row + 1])),
            Bounds::Fixed(length) => (row * length, (row + 1) * length),
        };
        out.push(b'[');
        for item in start..end {
            if item > start {
                out.push(b',');
            }
            self.cells.write_json(item, out);
        }
        out.push(b']');
    }
}

fn print(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    write!(out, "{value}").expect("a Vec takes all bytes");
}

fn serialize<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("a Vec takes all bytes, texts and numbers are JSON");
}

/// ISO 8601, with as many digits as the unit has, at least milliseconds.
fn formatter(array: &dyn Array) -> Result<ArrayFormatter<'_>> {
    let options = FormatOptions::new().with_display_error(true);
    let options = match array.data_type() {
        DataType::Timestamp(unit, zone) => {
            let utc = zone.as_deref().is_some_and(|zone| UTC.contains(&zone));
            let (plain, in_utc, elsewhere) = match unit {
                TimeUnit::Second | TimeUnit::Millisecond => {
                    ("%Y-%m-%dT%H:%M:%S%.3f", "%Y-%m-%dT%H:%M:%S%.3fZ", "%Y-%m-%dT%H:%M:%S%.3f%:z")
                }
                TimeUnit::Microsecond => {
                    ("%Y-%m-%dT%H:%M:%S%.6f", "%Y-%m-%dT%H:%M:%S%.6fZ", "%Y-%m-%dT%H:%M:%S%.6f%:z")
                }
                TimeUnit::Nanosecond => {
                    ("%Y-%m-%dT%H:%M:%S%.9f", "%Y-%m-%dT%H:%M:%S%.9fZ", "%Y-%m-%dT%H:%M:%S%.9f%:z")
                }
            };
            options.with_timestamp_format(Some(plain)).with_timestamp_tz_format(Some(if utc {
                in_utc
            } else {
                elsewhere
            }))
        }
        _ => options,
    };
    Ok(ArrayFormatter::try_new(array, &options)?)
}

const UTC: &[&str] = &["UTC", "+00:00", "Z"];

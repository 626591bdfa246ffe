//! How much a call would make, at most.

use crate::limits::VALUE_BYTES_MAX;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, resources_datafusion_err};
use datafusion::logical_expr::ColumnarValue;

/// How a result grows with the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Growth {
    /// All arguments together.
    Sum,
    /// The first, as often as the second says.
    Times,
    /// As many characters as the second says.
    Padded,
    /// Each byte of the first can become the argument at `by`.
    Replaced {
        /// Its position.
        by: usize,
    },
    /// All others, with the first between them.
    Joined,
}

/// How a call's result grows, and how far it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Bound {
    pub(super) growth: Growth,
    /// Of one batch of rows.
    pub(super) bytes_max: usize,
}

/// Refuses a call whose result could be too large. `rows`: of the batch.
pub(super) fn check(bound: Bound, name: &str, args: &[ColumnarValue], rows: usize) -> Result<()> {
    let arg = |at: usize| args.get(at);
    let first = || total(arg(0), rows);
    let bytes = match bound.growth {
        Growth::Sum => sum(args, rows)?,
        Growth::Times => first()?.saturating_mul(largest(arg(1))?),
        Growth::Padded => rows.saturating_mul(largest(arg(1))?).saturating_mul(UTF8_BYTES_MAX),
        Growth::Replaced { by } => {
            let places = first()?.saturating_add(rows);
            places.saturating_mul(longest(arg(by))?.saturating_add(1))
        }
        Growth::Joined => sum(args, rows)?.saturating_add(first()?.saturating_mul(args.len())),
    };
    let bytes_max = bound.bytes_max.min(rows.max(1).saturating_mul(VALUE_BYTES_MAX));
    if bytes > bytes_max {
        return Err(resources_datafusion_err!(
            "{name} would make up to {bytes} bytes at once, at most {bytes_max} are allowed"
        ));
    }
    Ok(())
}

const UTF8_BYTES_MAX: usize = 4;

fn sum(args: &[ColumnarValue], rows: usize) -> Result<usize> {
    args.iter().try_fold(0_usize, |sum, arg| Ok(sum.saturating_add(total(Some(arg), rows)?)))
}

/// Bytes of an argument's values, a constant once for each row.
fn total(arg: Option<&ColumnarValue>, rows: usize) -> Result<usize> {
    Ok(match arg {
        None => 0,
        Some(ColumnarValue::Array(array)) => bytes(array)?,
        Some(ColumnarValue::Scalar(scalar)) => {
            bytes(&scalar.to_array_of_size(1)?)?.saturating_mul(rows)
        }
    })
}

fn one(arg: Option<&ColumnarValue>) -> Result<Option<ArrayRef>> {
    Ok(match arg {
        None => None,
        Some(ColumnarValue::Array(array)) => Some(ArrayRef::clone(array)),
        Some(ColumnarValue::Scalar(scalar)) => Some(scalar.to_array_of_size(1)?),
    })
}

/// The largest number of an argument; 0 below.
fn largest(arg: Option<&ColumnarValue>) -> Result<usize> {
    let Some(array) = one(arg)? else { return Ok(0) };
    let numbers = cast(&array, &DataType::Int64)?;
    let largest = numbers.as_primitive::<Int64Type>().iter().flatten().max().unwrap_or(0);
    Ok(usize::try_from(largest).unwrap_or(0))
}

/// The longest text of an argument.
fn longest(arg: Option<&ColumnarValue>) -> Result<usize> {
    let Some(array) = one(arg)? else { return Ok(0) };
    Ok(lengths(&array).map_or(0, |lengths| lengths.max().unwrap_or(0)))
}

/// Texts by their lengths: many views may share one text. Other values by their memory.
fn bytes(array: &ArrayRef) -> Result<usize> {
    match lengths(array) {
        Some(lengths) => Ok(lengths.fold(0_usize, usize::saturating_add)),
        None => Ok(array.to_data().get_slice_memory_size()?),
    }
}

fn lengths(array: &ArrayRef) -> Option<Box<dyn Iterator<Item = usize> + '_>> {
    Some(match array.data_type() {
        DataType::Utf8 => Box::new(array.as_string::<i32>().iter().flatten().map(str::len)),
        DataType::LargeUtf8 => Box::new(array.as_string::<i64>().iter().flatten().map(str::len)),
        DataType::Utf8View => Box::new(array.as_string_view().iter().flatten().map(str::len)),
        _ => return None,
    })
}

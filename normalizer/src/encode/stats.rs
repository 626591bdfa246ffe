//! A column chunk's statistics: what lets a reader skip it.

use crate::shape::{Plain, Texts, Values};
use parquet::data_type::ByteArray;
use parquet::file::statistics::Statistics;

/// Longer texts would bloat the footer more than skipping is worth.
const TEXT_BYTES_MAX: usize = 128;

/// Minimum, maximum and nulls, where there is a value.
pub(super) fn of(values: &Values, nulls: u64) -> Option<Statistics> {
    let nulls = Some(nulls);
    match values {
        Values::Booleans(values) => {
            let (min, max) = (*values.iter().min()?, *values.iter().max()?);
            Some(Statistics::boolean(Some(min), Some(max), None, nulls, false))
        }
        Values::Bigints(values) => {
            let (min, max) = (*values.iter().min()?, *values.iter().max()?);
            Some(Statistics::int64(Some(min), Some(max), None, nulls, false))
        }
        Values::Doubles(values) => {
            let min = values.iter().copied().reduce(f64::min)?;
            let max = values.iter().copied().reduce(f64::max)?;
            // The format's rule for zeros: readers may not tell the two apart.
            let min = if min == 0.0 { -0.0 } else { min };
            let max = if max == 0.0 { 0.0 } else { max };
            Some(Statistics::double(Some(min), Some(max), None, nulls, false))
        }
        Values::Texts(texts) => {
            let plain: &Plain = match texts {
                Texts::Plain(plain) => plain,
                Texts::Dictionary(dictionary) => dictionary.entries(),
            };
            let all = || (0..plain.len()).map(|at| plain.get(at));
            let (min, max) = (all().min()?, all().max()?);
            if min.len().max(max.len()) > TEXT_BYTES_MAX {
                return None;
            }
            let bytes = |text: &[u8]| Some(ByteArray::from(text.to_vec()));
            Some(Statistics::byte_array(bytes(min), bytes(max), None, nulls, false))
        }
        Values::Lists(_) => None,
    }
}

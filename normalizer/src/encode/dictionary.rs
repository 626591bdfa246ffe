//! Dictionaries for values of eight bytes, where they pay.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Entries of a dictionary at most: half a megabyte, and codes of 16 bits.
const ENTRIES_MAX: usize = 1 << 16;

/// How many values tell whether to try.
const SAMPLE: usize = 512;

/// Distinct values and a code per value.
pub(super) struct Coded {
    pub(super) entries: Vec<u64>,
    pub(super) codes: Vec<u32>,
}

/// A dictionary of `values`, unless most of them differ.
pub(super) fn of<T: Copy>(values: &[T], bits: impl Fn(T) -> u64 + Copy) -> Option<Coded> {
    let sample = &values[..values.len().min(SAMPLE)];
    let tried = code(sample, bits, sample.len() / 2)?;
    if sample.len() == values.len() {
        return Some(tried);
    }
    code(values, bits, ENTRIES_MAX.min(values.len() / 4))
}

fn code<T: Copy>(values: &[T], bits: impl Fn(T) -> u64, entries_max: usize) -> Option<Coded> {
    let mut index: HashMap<u64, u32, RandomState> = HashMap::default();
    let mut coded = Coded { entries: Vec::new(), codes: Vec::with_capacity(values.len()) };
    let mut last = None;
    for &value in values {
        let value = bits(value);
        let code = match last {
            Some((seen, code)) if seen == value => code,
            _ => *index.entry(value).or_insert_with(|| {
                coded.entries.push(value);
                coded.entries.len() as u32 - 1
            }),
        };
        if coded.entries.len() > entries_max {
            return None;
        }
        last = Some((value, code));
        coded.codes.push(code);
    }
    Some(coded)
}

//! Text values of one column: dictionary-coded as they come, plain once that does not pay.

use super::ends::Ends;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A Parquet dictionary page past this size costs readers more than it saves.
const DICTIONARY_BYTES_MAX: usize = 1 << 20;

/// From this many distinct values on, some must have come again.
const DISTINCT_REPEAT: usize = 512;

/// From this many distinct values on, every one must have come twice on average.
const DISTINCT_HALVE: usize = 4096;

/// Text values in row order.
#[derive(Debug)]
pub(crate) enum Texts {
    Dictionary(Dictionary),
    Plain(Plain),
}

/// Distinct values and a code per value.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    /// Entries in order of appearance.
    entries: Plain,
    /// For every entry the ordinal of the value that brought it.
    first_use: Vec<u32>,
    index: HashTable<Entry>,
    hasher: RandomState,
    codes: Vec<u32>,
    /// Of the last value, which often comes again.
    last: Option<Ends>,
}

/// A dictionary entry in the index: enough to find it without a look at the other columns of
/// [`Plain`], each a cache miss.
#[derive(Debug)]
struct Entry {
    hash: u64,
    start: u32,
    bytes: u32,
    code: u32,
}

/// Values as Parquet's PLAIN encoding: a length (u32, little endian) before each.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    bytes: Vec<u8>,
    /// Where each value ends in `bytes`.
    ends: Vec<u32>,
}

impl Default for Texts {
    fn default() -> Self {
        Texts::Dictionary(Dictionary::default())
    }
}

impl Texts {
    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) {
        match self {
            Texts::Dictionary(dictionary) => {
                if dictionary.push(text) {
                    return;
                }
                let plain = dictionary.to_plain();
                *self = Texts::Plain(plain);
            }
            Texts::Plain(plain) => plain.push(text),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Texts::Dictionary(dictionary) => dictionary.codes.len(),
            Texts::Plain(plain) => plain.len(),
        }
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        match self {
            Texts::Dictionary(dictionary) => dictionary.truncate(len),
            Texts::Plain(plain) => plain.truncate(len),
        }
    }

    pub(crate) fn get(&self, at: usize) -> &[u8] {
        match self {
            Texts::Dictionary(dictionary) => dictionary.entries.get(dictionary.codes[at] as usize),
            Texts::Plain(plain) => plain.get(at),
        }
    }
}

impl Dictionary {
    pub(crate) fn entries(&self) -> &Plain {
        &self.entries
    }

    pub(crate) fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// Answers false when, with this value, a dictionary no longer pays.
    #[inline]
    fn push(&mut self, text: &[u8]) -> bool {
        let ends = Ends::of(text);
        if self.last == Some(ends)
            && let Some(&last) = self.codes.last()
            && (ends.cover_all() || self.entries.get(last as usize) == text)
        {
            self.codes.push(last);
            return true;
        }
        self.last = Some(ends);
        let hash = self.hasher.hash_one(text);
        let bytes = &self.entries.bytes;
        let found = self.index.find(hash, |entry| {
            entry.hash == hash && bytes[entry.start as usize..][..entry.bytes as usize] == *text
        });
        if let Some(entry) = found {
            self.codes.push(entry.code);
            return true;
        }
        self.insert(hash, text)
    }

    fn insert(&mut self, hash: u64, text: &[u8]) -> bool {
        let code = self.entries.len() as u32;
        self.first_use.push(self.codes.len() as u32);
        self.codes.push(code);
        self.entries.push(text);
        let start = (self.entries.bytes.len() - text.len()) as u32;
        let entry = Entry { hash, start, bytes: text.len() as u32, code };
        self.index.insert_unique(hash, entry, |entry| entry.hash);
        self.pays()
    }

    fn pays(&self) -> bool {
        let (distinct, all) = (self.entries.len(), self.codes.len());
        let enough = match distinct {
            _ if !distinct.is_power_of_two() || distinct < DISTINCT_REPEAT => true,
            _ if distinct < DISTINCT_HALVE => all >= distinct + distinct / 16,
            _ => all >= 2 * distinct,
        };
        enough && self.entries.bytes.len() <= DICTIONARY_BYTES_MAX
    }

    pub(crate) fn to_plain(&self) -> Plain {
        let mut plain = Plain::default();
        for &code in &self.codes {
            plain.push(self.entries.get(code as usize));
        }
        plain
    }

    fn truncate(&mut self, len: usize) {
        self.codes.truncate(len);
        self.last = None;
        while self.first_use.last().is_some_and(|&first| first as usize >= len) {
            self.first_use.pop();
            let code = self.entries.len() - 1;
            let hash = self.hasher.hash_one(self.entries.get(code));
            if let Ok(entry) = self.index.find_entry(hash, |entry| entry.code as usize == code) {
                entry.remove();
            }
            self.entries.truncate(code);
        }
    }
}

impl Plain {
    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(text);
        let end = u32::try_from(self.bytes.len());
        self.ends.push(end.expect("the texts of a batch are a small multiple of its bytes"));
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> &[u8] {
        &self.bytes[self.start(at) + 4..self.ends[at] as usize]
    }

    /// The PLAIN encoding of the values `[from, to)`.
    pub(crate) fn encoded(&self, from: usize, to: usize) -> &[u8] {
        &self.bytes[self.start(from)..self.start(to)]
    }

    /// The end of a page that starts at value `from`: at most about `bytes`, at least one value.
    pub(crate) fn page_end(&self, from: usize, bytes: usize) -> usize {
        let limit = self.start(from) + bytes;
        let end = self.ends.partition_point(|&end| (end as usize) <= limit);
        end.clamp(from + 1, self.len())
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }

    fn truncate(&mut self, len: usize) {
        self.bytes.truncate(self.start(len));
        self.ends.truncate(len);
    }
}

//! From source keys to names of columns and child tables (DESIGN.md 2.3).

use crate::limits::NAME_CHARS_MAX;
use sha2::{Digest, Sha256};

/// Separates the levels of a path in a name.
pub(crate) const SEPARATOR: &str = "__";

/// Names that a source key never gets without a suffix.
pub const RESERVED: [&str; 11] = [
    "_id",
    "_row",
    "_received_at",
    "_principal",
    "_index",
    "_path",
    "_parent",
    "_value",
    "_rest",
    "tier",
    "ingest_date",
];

/// One key as a part of a name: lower case, ASCII, `[a-z0-9_]`, never empty.
pub(crate) fn segment(key: &str) -> String {
    if key.is_empty() {
        return "_empty".to_owned();
    }
    let ascii =
        if key.is_ascii() { key.to_owned() } else { deunicode::deunicode_with_tofu(key, "_") };
    let name: String = ascii
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9' | '_') => c,
            _ => '_',
        })
        .collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

/// The name a path gets when nobody else has it: segments joined, a leading digit guarded,
/// `_value` for an element that is no object. `keys`: the path's keys, unescaped.
pub(crate) fn column_base<'k>(keys: impl Iterator<Item = &'k str>) -> String {
    let mut name = String::new();
    for key in keys {
        if !name.is_empty() {
            name.push_str(SEPARATOR);
        }
        name.push_str(&segment(key));
    }
    if name.is_empty() {
        return "_value".to_owned();
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// The first free name for `path` and `kind`.
///
/// `base`: the wanted name, uncut. `owner`: whether the path is the one that the base belongs to
/// by right (an element's `_value`). Takes the base (cut to 200 characters if need be), else the
/// base with a short hash of path and kind; a longer hash, then a count, if even that is taken.
pub(crate) fn free_name(
    base: &str,
    path: &str,
    kind: &str,
    owner: bool,
    taken: impl Fn(&str) -> bool,
) -> String {
    let hash = Sha256::new()
        .chain_update(path.as_bytes())
        .chain_update([0])
        .chain_update(kind.as_bytes())
        .finalize();
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let reserved = !owner && RESERVED.contains(&base);
    if base.len() <= NAME_CHARS_MAX && !reserved && !taken(base) {
        return base.to_owned();
    }
    let suffixed = |suffix: &str| {
        let room = NAME_CHARS_MAX - suffix.len() - 1;
        format!("{}_{suffix}", &base[..base.len().min(room)])
    };
    // Longer hashes, then a count: someone may have posted all the names with a hash as keys.
    let hashes = (8..=hash.len()).map(|digits| suffixed(&hash[..digits]));
    let counted = (2_u64..).map(|count| suffixed(&format!("{}_{count}", &hash[..8])));
    hashes.chain(counted).find(|name| !taken(name)).expect("counting does not end")
}

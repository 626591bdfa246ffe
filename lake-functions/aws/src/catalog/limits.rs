//! The bounds of the catalog.

use sluice_normalizer::limits::{NAME_CHARS_MAX, VIEW_TEXT_BYTES_MAX};

/// Glue's bound on `ViewOriginalText`, bytes.
pub(super) const GLUE_VIEW_TEXT_BYTES_MAX: usize = 409_600;

/// Glue's bound on a table's name, characters.
const GLUE_NAME_CHARS_MAX: usize = 255;

/// Calls under way at the same time; a table can have 100 children.
pub(super) const CALLS_AT_ONCE: usize = 8;

/// How often a table is read and written again because another writer was quicker.
pub(super) const RACES_MAX: u32 = 20;

/// Tables that a process remembers; then it forgets all at once.
pub(super) const REMEMBERED_MAX: usize = 20_000;

const _: () = assert!(VIEW_TEXT_BYTES_MAX < GLUE_VIEW_TEXT_BYTES_MAX);
const _: () = assert!("sluice_g4294967295__".len() + NAME_CHARS_MAX <= GLUE_NAME_CHARS_MAX);

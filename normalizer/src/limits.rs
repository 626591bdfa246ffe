//! Every bound of the core in one place, and how the bounds relate.

/// Nesting of one record, counting the record itself as level 1; a deeper one is a reject.
pub const NESTING_LEVELS_MAX: usize = 128;

/// Levels of arrays that a list column has; a deeper array of scalars is JSON text. Readers of the
/// Arrow schema in a part's footer refuse types nested deeper than about 60, and with the type the
/// whole part.
pub const LIST_LEVELS_MAX: u8 = 16;

/// One document after decompression, bytes (the contract's 10 MB).
pub const DOCUMENT_BYTES_MAX: usize = 10_000_000;

/// Documents of one batch together, bytes before shaping.
pub const BATCH_BYTES_MAX: usize = 64_000_000;

/// A table name as posted, characters.
pub const TABLE_NAME_CHARS_MAX: usize = 100;

/// A column or child table name, characters; a longer one is cut and ends in a hash.
pub const NAME_CHARS_MAX: usize = 200;

/// A document id, characters.
pub const DOCUMENT_ID_CHARS_MAX: usize = 128;

/// A view's definition as Glue stores it (base64), bytes; below Glue's 409,600.
pub const VIEW_TEXT_BYTES_MAX: usize = 300_000;

/// A source path (JSON Pointer within its table), bytes. A hostile document could otherwise make
/// the registry as large as itself.
pub const PATH_BYTES_MAX: usize = 1_000;

/// All source paths of one registry together, bytes: the registry is read for every batch.
pub const REGISTRY_PATH_BYTES_MAX: usize = 8_000_000;

/// Reasons that a document's outcome tells; `sluice_rejects` has all.
pub const OUTCOME_REASONS_MAX: usize = 10;

const _: () = assert!(DOCUMENT_BYTES_MAX <= BATCH_BYTES_MAX);
const _: () = assert!(BATCH_BYTES_MAX <= u32::MAX as usize, "offsets in a batch are u32");
const _: () = assert!(PATH_BYTES_MAX < REGISTRY_PATH_BYTES_MAX);
const _: () = assert!(VIEW_TEXT_BYTES_MAX < 409_600, "Glue's bound on ViewOriginalText");

/// What a table may grow to. Past a limit a new path's value goes to `_rest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Data columns of one table (root or child), lineage not counted.
    pub columns_max: usize,
    /// Child tables of one root table, at all levels together.
    pub child_tables_max: usize,
    /// Levels of child tables below the root table.
    pub child_levels_max: usize,
    /// A view's definition as the catalog stores it, bytes.
    pub view_text_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            columns_max: 1_000,
            child_tables_max: 100,
            child_levels_max: 8,
            view_text_bytes_max: VIEW_TEXT_BYTES_MAX,
        }
    }
}

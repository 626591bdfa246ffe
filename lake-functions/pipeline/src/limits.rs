//! Every bound of the pipeline in one place, and how the bounds relate.

use sluice_normalizer::limits::{BATCH_BYTES_MAX, DOCUMENT_BYTES_MAX};

/// Documents of one batch: their ids are one ledger entry, and claiming them one pass.
pub const BATCH_DOCUMENTS_MAX: usize = 5_000;

/// How often a batch without a plan is tried as a whole; after that each of its documents is tried
/// alone, and one that fails without an answer is set aside.
pub const WHOLE_TRIES_MAX: u32 = 2;

/// How often a document is tried alone, or a batch whose documents all passed alone as a whole, when
/// each try ended the process: a first time can have had another cause.
pub const TRIES_WITHOUT_END_MAX: u32 = 2;

/// Root tables of a platform, unless its settings say otherwise. Anybody who may post can name new
/// ones, and each costs memory and a file a batch.
pub const TABLES_MAX: u32 = 1_000;

/// A principal's name, bytes.
pub const PRINCIPAL_BYTES_MAX: usize = 256;

const _: () = assert!(DOCUMENT_BYTES_MAX <= BATCH_BYTES_MAX);

//! The one-machine home of Sluice: the lake as a folder, and the pipeline that fills it from files.
//!
//! [`LakeFolder`] is the folder: registry, plans and parts, each written so that a crash leaves
//! either the whole file or none. [`normalize_files`] reads inputs, cuts them into documents and
//! batches, and commits every batch exactly once (D5): claim, plan, write.
//!
//! ```text
//! <lake>/_lock                                        held by the one writer
//! <lake>/_registry/<table>/g<generation>/<version>.json
//! <lake>/_plans/<table>/g<generation>/<batch id>.json
//! <lake>/<table>/g<generation>/tier=live/ingest_date=YYYY-MM-DD/<batch id>.parquet
//! ```

mod batches;
mod claims;
mod content_hash;
mod durable;
mod input;
mod lake_folder;
mod limits;
mod normalize_files;
mod plan;
mod registry_turns;
mod totals;
mod writer;

pub use content_hash::ContentHash;
pub use input::{Input, InputError, inputs_bytes};
pub use lake_folder::{FolderLock, LakeError, LakeFolder};
pub use limits::{BATCH_BYTES_MIN, THREADS_MAX};
pub use normalize_files::{
    AlreadyThere, NormalizeError, NormalizeOptions, Normalized, Progress, Unfinished,
    normalize_files,
};
pub use plan::{PLAN_FORMAT, Plan, PlanError, PlannedDocument, PlannedForm, PlannedPart};
pub use totals::Totals;
pub use writer::{BatchOutcome, BatchState, WriteError};

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
mod durable;
mod file_plan;
mod input;
mod lake_folder;
mod lake_store;
mod limits;
mod merge;
mod normalize_files;
mod platform;
mod registry_turns;
mod snapshot;
mod store;
mod totals;
mod writer;

pub use file_plan::{FILE_PLAN_FORMAT, FilePlan, FilePlanError, PlannedDocument, PlannedForm};
pub use input::{Input, InputError, OpenInput, inputs_bytes};
pub use lake_folder::{FolderLock, LakeError, LakeFolder};
pub use limits::{BATCH_BYTES_MIN, THREADS_MAX};
pub use normalize_files::{
    AlreadyThere, NormalizeError, NormalizeOptions, Normalized, Progress, Unfinished,
    normalize_files,
};
pub use platform::{
    Changes, ColumnChange, DocumentView, Event, EventSink, Figures, OpenError, Platform,
    PlatformOptions, RebuildError, RebuildState, RebuildView, RejectCount, ReloadError, Retained,
    TableChange, TableDetail, TableSummary,
};
pub use sluice_pipeline::ContentHash;
pub use snapshot::{Part, Snapshot, TableSnapshot};
pub use store::{
    Busy, Clock, CommittedBatch, Damage, DocumentPlace, GenerationChange, PutWithin, RemovedBodies,
    Replaced, Replayable, STORE_FORMAT, Seq, Stopped, Store, StoreError, StoreFigures,
    StoreOptions, StoredPart, TableTotals, Waiting,
};
pub use totals::Totals;
pub use writer::{BatchOutcome, BatchState, WriteError};

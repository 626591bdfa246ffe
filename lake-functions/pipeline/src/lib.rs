//! The use cases of Sluice and the ports they speak to.
//!
//! Documents are grouped into batches ([`dispatch`]), and each batch is committed exactly once
//! ([`normalize`]): claim, plan, write, commit (D5). What is left behind is sent again by [`redrive`],
//! and found by [`sweep_documents`] and [`sweep_batches`] (D6). [`Rebuilder`] replays a table into its
//! next generation beside the running pipeline, [`forward`] lets no late batch stay behind, and
//! [`end_if_given_up`] ends what a rebuild left that was given up. What stores and queues there are is
//! the adapters' business: SQLite and a folder on one machine, S3, SQS, DynamoDB and Glue on AWS. All of
//! them pass the suites of `sluice-conformance`.

mod batch;
mod content_hash;
mod dispatch;
mod document;
mod encode;
mod forward;
mod given_up;
mod lane;
pub mod limits;
mod normalize;
mod pieces;
mod plan;
mod ports;
mod rebuild;
mod redrive;
mod settings;
mod shape;
mod status;
mod sweep;
mod trial;

pub use batch::{Batch, BatchMessage};
pub use content_hash::ContentHash;
pub use dispatch::{DispatchLimits, GZIP_WEIGHT, dispatch, group};
pub use document::{DocumentHead, HeadFault, StoredDocument};
pub use encode::{EncodeFailed, encode_parts};
pub use forward::{clear_rejects, forward};
pub use given_up::end_if_given_up;
pub use normalize::{Committed, NormalizeError, Normalizer};
pub use plan::{PLAN_FORMAT, Plan, PlanError, PlannedPart};
pub use ports::{
    BatchRecord, BatchState, Catalog, Created, DeadLetter, DeadLetters, Delivery, Disposition,
    Heads, IngressStore, LakeStore, Lanes, Ledger, ListedBatch, ListedPage, Note, OpenBatch,
    OpenBatches, OpenPage, PortError, Put, Rebuilds, Receipt, RemoveParts, Shown, Switched, Views,
    WorkQueue,
};
pub use rebuild::{
    Counts, Next, Pass, REBUILD_FORMAT, Rebuild, RebuildError, RebuildState, Rebuilder, Replayed,
};
pub use redrive::{Intent, Redriven, redrive};
pub use settings::SettingsInForce;
pub use status::{DocumentRecord, DocumentState};
pub use sweep::{sweep_batches, sweep_documents};
pub use trial::Trial;

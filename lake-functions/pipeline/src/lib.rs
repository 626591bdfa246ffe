//! The use cases of Sluice and the ports they speak to.
//!
//! Documents are grouped into batches ([`dispatch`]), and each batch is committed exactly once
//! ([`normalize`]): claim, plan, write, commit (D5). What stores and queues there are is the
//! adapters' business: SQLite and a folder on one machine, S3, SQS, DynamoDB and Glue on AWS. All of
//! them pass the suites of `sluice-conformance`.

mod batch;
mod content_hash;
mod dispatch;
mod document;
mod encode;
pub mod limits;
mod normalize;
mod pieces;
mod plan;
mod ports;
mod settings;
mod shape;
mod status;
mod trial;

pub use batch::{Batch, BatchMessage};
pub use content_hash::ContentHash;
pub use dispatch::{DispatchLimits, GZIP_WEIGHT, dispatch, group};
pub use document::{DocumentHead, HeadFault, StoredDocument};
pub use encode::{EncodeFailed, encode_parts};
pub use normalize::{Committed, NormalizeError, Normalizer};
pub use plan::{PLAN_FORMAT, Plan, PlanError, PlannedPart};
pub use ports::{
    BatchRecord, BatchState, Catalog, Created, Delivery, Disposition, IngressStore, LakeStore,
    Ledger, PortError, Put, Receipt, Shown, WorkQueue,
};
pub use settings::SettingsInForce;
pub use status::{DocumentRecord, DocumentState};
pub use trial::Trial;

//! From JSON documents to rows to Parquet: the pure core of Sluice.
//!
//! Bytes, settings, a registry version and limits go in; parts, rejects, the next registry version
//! and a report come out. This crate never reads a clock, a file, the network, an environment
//! variable or a random number (D1).

pub mod athena;
mod batch;
mod cut;
mod document;
mod door;
mod encode;
mod json;
mod kind;
pub mod limits;
mod names;
mod number;
mod pointer;
mod registry;
mod report;
mod settings;
mod shape;
mod table_name;
mod timestamp;

pub use batch::{BatchId, BatchIdError};
pub use cut::{Cut, Cutter, InputForm};
pub use document::{Document, DocumentId, DocumentIdError, Encoding, Form};
pub use door::{Refusal, check_at_door};
pub use encode::{EncodeError, PartPlan, REJECTS_TABLE};
pub use kind::{Kind, Scalar};
pub use limits::Limits;
pub use names::RESERVED;
pub use registry::{ColumnSchema, REGISTRY_FORMAT, Registry, RegistryError, TableSchema};
pub use report::{Conflict, NewColumn, Report, TableReport};
pub use settings::{
    RecordSchema, RecordSchemaError, Retention, Settings, SettingsError, TableSettings,
};
pub use shape::{DocumentOutcome, RejectReason, Shaped, Shaper, WholeReject, unpacked_bytes};
pub use table_name::{TableName, TableNameError};
pub use timestamp::ingest_date;

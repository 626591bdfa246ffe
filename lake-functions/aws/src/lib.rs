//! The AWS home of Sluice: the ports of `sluice-pipeline` on S3, SQS, DynamoDB and Glue.
//!
//! The only crate that names an `aws_sdk_*` crate.

mod bucket;
mod catalog;
mod clients;
mod config;
mod dead_letters;
mod encoded_word;
mod events;
mod failure;
mod fault;
mod ingress_head;
mod ingress_store;
mod inventory;
mod lake_store;
mod ledger;
mod leftovers;
mod limits;
mod queue_message;
mod registry_memory;
mod settings;
mod time;
mod work_queue;

pub use catalog::GlueCatalog;
pub use clients::Aws;
pub use config::{
    ConfigError, DispatcherConfig, Lookup, NormalizerConfig, RebuildConfig, RedriveConfig,
};
pub use dead_letters::SqsDeadLetters;
pub use events::{Event, EventBridge};
pub use ingress_store::S3IngressStore;
pub use inventory::{
    Inventory, InventoryEntry, InventoryError, InventoryFault, InventoryFile, S3Inventory,
};
pub use lake_store::S3LakeStore;
pub use ledger::{DynamoLedger, SweepCursor};
pub use leftovers::{Leftovers, clear_generation};
pub use queue_message::{MessageError, parse_message};
pub use settings::{Look, LookError, News, S3Settings, SETTINGS_KEY, UnusableSettings};
pub use work_queue::SqsWorkQueue;

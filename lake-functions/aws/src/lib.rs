//! The AWS home of Sluice: the ports of `sluice-pipeline` on S3, SQS, DynamoDB and Glue.
//!
//! The only crate that names an `aws_sdk_*` crate.

mod catalog;
mod clients;
mod failure;
mod ledger;
mod time;

pub use catalog::{GlueCatalog, Switched};
pub use clients::Aws;
pub use ledger::{DynamoLedger, OpenBatch};

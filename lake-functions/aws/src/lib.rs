//! The AWS home of Sluice: the ports of `sluice-pipeline` on S3, SQS, DynamoDB and Glue.
//!
//! The only crate that names an `aws_sdk_*` crate.

mod failure;
mod ledger;
mod time;

pub use ledger::{DynamoLedger, OpenBatch};

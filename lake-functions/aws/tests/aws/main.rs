//! The adapters against servers that stand in for AWS (`scripts/aws-emulators`). Where these
//! differ from AWS, AWS's documentation decides.

mod catalog;
mod harness;
mod ledger;
mod ready;

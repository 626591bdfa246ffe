//! The adapters against servers that stand in for AWS (`scripts/aws-emulators`). Where these
//! differ from AWS, AWS's documentation decides.

mod catalog;
mod environment;
mod events;
mod functions;
mod hard_answers;
mod harness;
mod ingress_store;
mod lake_store;
mod ledger;
mod ready;
mod rebuild;
mod redrive;
mod settings;
mod work_queue;

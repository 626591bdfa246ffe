//! The `sluice` command as people meet it: the real binary in a folder of its own, one test a
//! behaviour.

mod demo;
mod inputs;
mod normalize;
mod put;
mod put_failures;
mod rebuild;
mod recovery;
mod rejects;
mod sandbox;
mod schema;
mod server;
mod sql;
mod stub;
mod tables;
mod up;
mod usage;

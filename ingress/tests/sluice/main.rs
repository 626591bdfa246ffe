//! The `sluice` command as people meet it: the real binary in a folder of its own, one test a
//! behaviour.

mod inputs;
mod normalize;
mod recovery;
mod rejects;
mod sandbox;
mod schema;
mod usage;

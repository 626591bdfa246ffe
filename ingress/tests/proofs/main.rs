//! Proofs of the promises of `sluice up` (I-1, I-2, I-4) on the real binary: it is killed, its disk
//! fails, real documents go through it, and afterwards everything it answered 200 to is looked for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod api;
mod corpora;
mod crash;
mod disk;
mod documents;
// The fault is put between the server and the C library of Linux.
#[cfg(target_os = "linux")]
mod faults;
mod ledger;
mod posting;
mod proof;
mod readback;
mod reader;
mod rebuilds;
mod server;
#[cfg(target_os = "linux")]
mod shim;
mod states;
mod wire;

//! The contract, in process and over TCP, and what only a socket can show.

#![allow(clippy::unwrap_used, reason = "tests")]

mod bounds;
mod cases;
mod client;
mod contract;
mod front;
mod start;
mod stop;
mod streams;
mod wire;

//! Connections: what comes before a request's head is read, and after its answer's head is made.

mod connection;
mod lingering;
mod stall;

pub(crate) use connection::Connections;

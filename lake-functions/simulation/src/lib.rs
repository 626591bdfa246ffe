//! The real use cases in a simulated world: queues that repeat, workers that die, freeze and thaw,
//! calls that fail before or after their effect, a clock that jumps. One seed makes one run; after
//! each run the invariants are checked from the bytes of the lake.
//!
//! What is simulated is AWS (S3, SQS standard and FIFO, DynamoDB, Glue), as far as the protocol can
//! see it. What is real is `sluice-pipeline` and everything below it.
//!
//! [`Protocol`] names ways to break the protocol on purpose: the tests prove that each is caught.

mod check;
mod documents;
mod drivers;
mod limits;
mod ports;
mod protocol;
mod random;
mod run;
mod tasks;
mod violation;
mod weather;
mod world;

pub use ports::Ports;
pub use protocol::Protocol;
pub use run::{Scenario, Summary, run};
pub use violation::{Failure, Violation};
pub use world::World;

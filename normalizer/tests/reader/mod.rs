//! An independent read-back: from parts and registry JSON to the scalars of every record, and from
//! source bytes to the scalars that must be there.
//!
//! It shares no code with the writer's shaping: parts are read by the parquet crate's Arrow reader,
//! the registry as plain JSON, the source by `serde_json`. Test targets include it by `mod reader;`
//! and each uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod check;
pub mod decimal;
pub mod lake;
pub mod model;
pub mod part;
pub mod post;
pub mod registry;
pub mod scalar;

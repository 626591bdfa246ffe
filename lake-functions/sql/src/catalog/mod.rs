//! A snapshot as DataFusion's catalog: made per query, each table only when it is named.

mod damaged;
mod lake;
mod part_reader;
mod pruning;
mod scan;
mod schema;
mod view;

pub(crate) use damaged::find_damaged;
pub(crate) use lake::{CATALOG, LakeCatalogs};
pub(crate) use part_reader::{PartReaders, UnreadablePart};

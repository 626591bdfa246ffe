//! JSON text to tape: the parser behind a boundary of its own.

mod read;
mod render;
mod tape;

pub(crate) use read::{Fault, Reader};
pub(crate) use render::{push_json_string, render};
pub(crate) use tape::{Tag, Tape};

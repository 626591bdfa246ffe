//! Shaping: documents of one batch into columns.

mod budget;
mod declare;
mod ends;
mod finish;
mod known;
mod lists;
mod numbers;
mod outcomes;
mod paths;
mod records;
mod rejects;
mod rest;
mod runs;
mod shaped;
mod shaper;
mod table;
mod take_back;
mod texts;
mod values;
mod walk;

pub use outcomes::{DocumentOutcome, RejectReason};
pub use records::unpacked_bytes;
pub(crate) use records::{decompressed, no_records};
pub(crate) use rejects::{Reason, WHOLE_DOCUMENT};
pub(crate) use runs::Runs;
pub use shaped::Shaped;
pub(crate) use shaped::ShapedTable;
pub(crate) use shaper::DocumentHead;
pub use shaper::{Shaper, WholeReject};
pub(crate) use texts::{Dictionary, Plain, Texts};
pub(crate) use values::{Column, Lists, Values};

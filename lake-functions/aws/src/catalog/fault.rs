//! What can be wrong with what Glue is told. Names of columns and child tables come from documents and
//! are not told (I-8).

use super::limits::GLUE_VIEW_TEXT_BYTES_MAX;

pub(super) type Fault = crate::fault::Fault<Damage>;

/// What Glue cannot take, or has and should not.
#[derive(Debug, thiserror::Error)]
pub(super) enum Damage {
    #[error("the parameter {parameter:?} of a table in Glue has no such value")]
    Parameter { parameter: &'static str },
    #[error("the text of a view has {bytes} bytes, more than Glue's {GLUE_VIEW_TEXT_BYTES_MAX}")]
    ViewTooLong { bytes: usize },
    #[error("{name:?} is no table name")]
    TableName { name: String },
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Fault::Damage(damage)
    }
}

//! The plan: what a batch will write, fixed before the first part is written (D5).

use crate::content_hash::ContentHash;
use serde::{Deserialize, Serialize};
use sluice_normalizer::Report;

/// The stored form's own version; a higher one than this is refused.
pub const PLAN_FORMAT: u32 = 1;

/// What one batch writes. Created once, never changed.
///
/// Fields that a later Sluice adds under the same format are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// See [`PLAN_FORMAT`].
    pub format: u32,
    /// The version of the Sluice that planned: another build may compress to other bytes.
    pub build: String,
    /// The batch's id.
    pub batch: String,
    /// The root table.
    pub table: String,
    /// The table's generation.
    pub generation: u32,
    /// The registry version the batch was shaped against.
    pub base_version: u64,
    /// The registry version that reads its parts.
    pub version: u64,
    /// The settings it was shaped by, see [`crate::LakeStore::settings`].
    pub settings: ContentHash,
    /// The ids of the documents this batch claimed, in the order they were shaped.
    pub documents: Vec<String>,
    /// Those of them that were set aside, see [`crate::limits::WHOLE_TRIES_MAX`].
    pub isolated: Vec<String>,
    /// False: the table was one too many, and all documents are rejects.
    #[serde(default = "admitted")]
    pub admitted: bool,
    /// Root table, child tables, rejects: those that have rows.
    pub parts: Vec<PlannedPart>,
    /// What the normalizer reported.
    pub report: Report,
}

/// What plans were before they told.
fn admitted() -> bool {
    true
}

/// One part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPart {
    /// The physical table.
    pub table: String,
    /// Where it lies, relative to the lake.
    pub key: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size, bytes.
    pub bytes: u64,
    /// Of the whole file.
    pub sha256: ContentHash,
}

/// Why stored bytes are no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Written by a newer Sluice.
    #[error("plan format {found} is newer than {PLAN_FORMAT}, the newest this build reads")]
    Newer {
        /// The format in the file.
        found: u32,
    },
    /// Not the JSON of a plan.
    #[error("plan is not readable")]
    Json(#[from] serde_json::Error),
}

impl Plan {
    /// The stored form: one line of JSON, the same bytes for the same plan.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a plan has only string keys")
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`PlanError`] when it is no plan, or a newer one than this build knows.
    pub fn from_json(bytes: &[u8]) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let head: Head = serde_json::from_slice(bytes)?;
        if head.format > PLAN_FORMAT {
            return Err(PlanError::Newer { found: head.format });
        }
        Ok(serde_json::from_slice(bytes)?)
    }
}

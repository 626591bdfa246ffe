//! The plan of a batch cut from files: what it will write, and which bytes of which file it holds.

use serde::{Deserialize, Serialize};
use sluice_normalizer::{Form, Report};
use sluice_pipeline::ContentHash;
use sluice_pipeline::PlannedPart;

/// The stored form's own version; a higher one than this is refused.
pub const FILE_PLAN_FORMAT: u32 = 1;

/// What one batch writes. Created once, never changed; the batch is committed when all of
/// `parts` exist.
///
/// Fields that a later Sluice adds under the same format are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePlan {
    /// See [`FILE_PLAN_FORMAT`].
    pub format: u32,
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
    /// When its documents were accepted, milliseconds since 1970 UTC.
    pub received_at_ms: i64,
    /// Of the settings file's text; of nothing when there was none.
    pub settings_sha256: ContentHash,
    /// In the order they were shaped.
    pub documents: Vec<PlannedDocument>,
    /// Root table, child tables, rejects: those that have rows.
    pub parts: Vec<PlannedPart>,
    /// What the normalizer reported.
    pub report: Report,
}

/// One document of a plan. The plan is also the claim on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDocument {
    /// Its id.
    pub id: String,
    /// The input it was cut from, as given; `-` for a stream.
    pub source: String,
    /// Where it starts in the decompressed input, bytes.
    pub offset: u64,
    /// Its size, bytes.
    pub bytes: u64,
    /// How it holds its records.
    pub form: PlannedForm,
    /// Of its body.
    pub blake3: ContentHash,
}

/// [`Form`] as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlannedForm {
    /// One object, or an array of objects.
    Json,
    /// One object a line.
    Ndjson,
    /// A run of array elements.
    Elements,
}

impl From<Form> for PlannedForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Json => PlannedForm::Json,
            Form::Ndjson => PlannedForm::Ndjson,
            Form::Elements => PlannedForm::Elements,
        }
    }
}

/// Why stored bytes are no plan.
#[derive(Debug, thiserror::Error)]
pub enum FilePlanError {
    /// Written by a newer Sluice.
    #[error("plan format {found} is newer than {FILE_PLAN_FORMAT}, the newest this build reads")]
    Newer {
        /// The format in the file.
        found: u32,
    },
    /// Not the JSON of a plan.
    #[error("plan is not readable")]
    Json(#[from] serde_json::Error),
}

impl FilePlan {
    /// The stored form: one line of JSON, the same bytes for the same plan.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a plan has only string keys")
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`FilePlanError`] when it is no plan, or a newer one than this build knows.
    pub fn from_json(bytes: &[u8]) -> Result<Self, FilePlanError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let head: Head = serde_json::from_slice(bytes)?;
        if head.format > FILE_PLAN_FORMAT {
            return Err(FilePlanError::Newer { found: head.format });
        }
        Ok(serde_json::from_slice(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{FilePlan, FilePlanError, PlannedForm};

    /// Plans are read forever: one file for each format there ever was.
    const FORMAT_1: &str = include_str!("../tests/formats/plan-1.json");

    #[test]
    fn every_past_format_is_read() {
        let plan = FilePlan::from_json(FORMAT_1.as_bytes()).expect("a plan");
        assert_eq!((plan.format, plan.base_version, plan.version), (1, 0, 1));
        assert_eq!(plan.documents[0].form, PlannedForm::Ndjson);
        assert_eq!(plan.report.rejects["malformed_json"], 1);
        assert_eq!(plan.to_json(), FORMAT_1.trim_end());
    }

    #[test]
    fn added_fields_are_passed_over_and_newer_formats_refused() {
        let added = FORMAT_1.replacen('{', r#"{"added":[1],"#, 1);
        let plan = FilePlan::from_json(added.as_bytes()).expect("a plan");
        assert_eq!(plan.to_json(), FORMAT_1.trim_end());

        let newer = FORMAT_1.replacen(r#""format":1"#, r#""format":2"#, 1);
        let error = FilePlan::from_json(newer.as_bytes()).expect_err("a newer format");
        assert!(matches!(error, FilePlanError::Newer { found: 2 }), "{error}");
        let half = &FORMAT_1[..FORMAT_1.len() / 2];
        assert!(matches!(FilePlan::from_json(half.as_bytes()), Err(FilePlanError::Json(_))));
    }
}

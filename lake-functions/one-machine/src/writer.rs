//! Writes one batch exactly once: shape, schema, plan, parts, in this order (D5, D7).

use crate::batches::Work;
use crate::file_plan::{FILE_PLAN_FORMAT, FilePlan, PlannedDocument};
use crate::input::InputDocument;
use crate::lake_folder::{LakeError, LakeFolder};
use crate::registry_turns::RegistryTurns;
use sluice_normalizer::{
    BatchId, Document, Encoding, Registry, Report, Shaped, Shaper, TableName, TableSettings,
};
use sluice_pipeline::{ContentHash, EncodeFailed, encode_parts};
use std::sync::Arc;

/// What became of one batch; its plan in the lake tells the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchOutcome {
    /// Its id.
    pub batch: String,
    /// Whether it was new.
    pub state: BatchState,
    /// Documents in it.
    pub documents: u64,
    /// Records in it, rejects included.
    pub records: u64,
    /// The documents' sizes together, decompressed, bytes.
    pub input_bytes: u64,
    /// Its parts.
    pub parts: u64,
    /// Their sizes together, bytes.
    pub output_bytes: u64,
    /// The registry version it was shaped against.
    pub base_version: u64,
    /// The registry version that reads it.
    pub version: u64,
}

/// How a batch came to be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Planned and written by this run.
    Written,
    /// Planned by an earlier run; this one wrote the parts that were missing.
    Finished,
}

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The lake refused.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A part could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeFailed),
    /// Shaped again, the batch is not what its plan says, so nothing of it was written: another
    /// build, or other settings.
    #[error("batch {batch} does not come out as planned ({difference})")]
    NotAsPlanned {
        /// The batch.
        batch: String,
        /// What differs.
        difference: &'static str,
        /// Whether the settings file is another one than when it was planned.
        settings_changed: bool,
    },
}

/// What all batches of a run share.
pub(crate) struct Writer<'a> {
    pub(crate) lake: &'a LakeFolder,
    pub(crate) table: &'a TableName,
    pub(crate) generation: u32,
    pub(crate) settings: &'a TableSettings,
    pub(crate) settings_sha256: ContentHash,
    pub(crate) received_at_ms: i64,
    pub(crate) turns: RegistryTurns,
}

impl Writer<'_> {
    /// Carries out one piece of work; none when a batch before it failed and this one must wait
    /// for the next run.
    pub(crate) fn run(&self, work: Work) -> Result<Option<(BatchOutcome, Report)>, WriteError> {
        match work {
            Work::Write { sequence, documents } => self.write(sequence, documents),
            Work::Finish { plan, documents } => self.finish(*plan, documents).map(Some),
        }
    }

    fn write(
        &self,
        sequence: u64,
        documents: Vec<InputDocument>,
    ) -> Result<Option<(BatchOutcome, Report)>, WriteError> {
        let ticket = self.turns.ticket(sequence);
        let known = self.turns.latest();
        // Of a new table nothing is known until the first batch is shaped: shaping ahead of it
        // would be for nothing.
        let worth_it = sequence == 0 || known.version > 0;
        let early = worth_it.then(|| self.shape(&known, self.received_at_ms, &documents));
        let Some(base) = ticket.wait() else {
            return Ok(None);
        };
        let shaped = match early {
            Some(early) if base.version == known.version => early,
            early => {
                drop(early);
                self.shape(&base, self.received_at_ms, &documents)
            }
        };
        // Schema first: from here on readers know every column of the parts to come.
        let next = if shaped.registry().version == base.version {
            Arc::clone(&base)
        } else {
            self.lake.create_registry(shaped.registry())?;
            Arc::new(shaped.registry().clone())
        };
        ticket.pass(next);

        let batch = self.batch_id(&documents);
        let planned = documents.iter().map(planned_document).collect();
        // Parquet is encoded from the columns; the bodies would only take room.
        drop(documents);
        let (parts, contents) = encode_parts(&shaped, &batch)?;
        let plan = FilePlan {
            format: FILE_PLAN_FORMAT,
            batch: batch.as_str().to_owned(),
            table: self.table.as_str().to_owned(),
            generation: self.generation,
            base_version: base.version,
            version: shaped.registry().version,
            received_at_ms: self.received_at_ms,
            settings_sha256: self.settings_sha256,
            documents: planned,
            parts,
            report: shaped.report().clone(),
        };
        self.lake.create_plan(&plan)?;
        for (part, content) in plan.parts.iter().zip(&contents) {
            self.lake.write_part(&part.key, content)?;
        }
        Ok(Some(outcome(BatchState::Written, plan)))
    }

    /// Shapes by the plan and writes exactly the parts that are missing.
    fn finish(
        &self,
        plan: FilePlan,
        documents: Vec<InputDocument>,
    ) -> Result<(BatchOutcome, Report), WriteError> {
        let not_as_planned = |difference| WriteError::NotAsPlanned {
            batch: plan.batch.clone(),
            difference,
            settings_changed: plan.settings_sha256 != self.settings_sha256,
        };
        let base = self.lake.registry(self.table, self.generation, plan.base_version)?;
        let shaped = self.shape(&base, plan.received_at_ms, &documents);
        let batch = self.batch_id(&documents);
        if batch.as_str() != plan.batch {
            return Err(not_as_planned("its id"));
        }
        if shaped.registry().version != plan.version {
            return Err(not_as_planned("its registry version"));
        }
        drop(documents);
        // Everything is compared before the first part is written.
        let (parts, contents) = encode_parts(&shaped, &batch)?;
        if parts != plan.parts {
            return Err(not_as_planned("its parts"));
        }
        for (part, content) in parts.iter().zip(&contents) {
            if self.lake.part_bytes(&part.key)? != Some(part.bytes) {
                self.lake.write_part(&part.key, content)?;
            }
        }
        Ok(outcome(BatchState::Finished, plan))
    }

    fn shape(&self, base: &Registry, received_at_ms: i64, documents: &[InputDocument]) -> Shaped {
        let mut shaper = Shaper::new(base, self.settings);
        for input in documents {
            let document = Document {
                id: &input.id,
                received_at_ms,
                principal: None,
                form: input.form,
                encoding: Encoding::Identity,
                body: &input.body,
            };
            if input.oversize {
                shaper.oversize(&document, input.bytes);
            } else {
                shaper.document(&document);
            }
        }
        shaper.finish()
    }

    fn batch_id(&self, documents: &[InputDocument]) -> BatchId {
        let ids = documents.iter().map(|document| &document.id);
        BatchId::derive(self.table, self.generation, ids)
    }
}

fn planned_document(document: &InputDocument) -> PlannedDocument {
    PlannedDocument {
        id: document.id.as_str().to_owned(),
        source: document.source.to_string(),
        offset: document.offset,
        bytes: document.bytes,
        form: document.form.into(),
        blake3: document.blake3,
    }
}

fn outcome(state: BatchState, plan: FilePlan) -> (BatchOutcome, Report) {
    let outcome = BatchOutcome {
        batch: plan.batch,
        state,
        documents: plan.documents.len() as u64,
        records: plan.report.records,
        input_bytes: plan.documents.iter().map(|document| document.bytes).sum(),
        parts: plan.parts.len() as u64,
        output_bytes: plan.parts.iter().map(|part| part.bytes).sum(),
        base_version: plan.base_version,
        version: plan.version,
    };
    (outcome, plan.report)
}

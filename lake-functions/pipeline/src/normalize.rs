//! Normalize: one batch, exactly once (D5), schema first (D7).

use crate::batch::{Batch, BatchMessage};
use crate::document::StoredDocument;
use crate::encode::EncodeFailed;
use crate::limits::{TRIES_WITHOUT_END_MAX, WHOLE_TRIES_MAX};
use crate::pieces::pieces;
use crate::plan::{PLAN_FORMAT, Plan, PlannedPart};
use crate::ports::{
    BatchRecord, BatchState, Catalog, Created, Disposition, IngressStore, LakeStore, Ledger,
    PortError,
};
use crate::settings::SettingsInForce;
use crate::shape::{Aside, encode, rules, shape};
use crate::trial::Trial;
use sluice_normalizer::{DocumentId, Report, SettingsError, Shaped, TableSettings};
use std::collections::BTreeSet;

/// How often a batch is shaped again because another writer was quicker with a registry version.
const REGISTRY_TRIES_MAX: u32 = 100;

/// The version that plans remember; see [`Plan::build`].
const BUILD: &str = env!("CARGO_PKG_VERSION");

/// Commits batches. Cheap to make; the ports are handles.
#[derive(Debug)]
pub struct Normalizer<I, L, S, C> {
    /// Where the documents are.
    pub ingress: I,
    /// Which batch holds which document.
    pub ledger: L,
    /// Where parts and registry versions go.
    pub lake: S,
    /// What SQL is told.
    pub catalog: C,
}

/// A batch that a call committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// What the normalizer reported.
    pub report: Report,
    /// The parts written.
    pub parts: Vec<PlannedPart>,
}

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub enum NormalizeError {
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The ledger does not know the batch of a message.
    #[error("batch {batch} is not in the ledger")]
    UnknownBatch {
        /// The batch.
        batch: String,
    },
    /// A claimed document is gone from the ingress store before it was normalized.
    #[error("document {document} of batch {batch} is not in the ingress store")]
    DocumentGone {
        /// The batch.
        batch: String,
        /// The document.
        document: String,
    },
    /// A bug: shaping gave no answer. Tried again, each document is tried alone.
    #[error("shaping batch {batch} panicked")]
    Panicked {
        /// The batch.
        batch: String,
    },
    /// Each document was shaped alone, but all of them together end the process each time.
    #[error("shaping batch {batch} as a whole ended the process {TRIES_WITHOUT_END_MAX} times")]
    EndsProcess {
        /// The batch.
        batch: String,
    },
    /// A part could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeFailed),
    /// Settings that were kept cannot be read by this build.
    #[error("use the settings that batch {batch} was planned with")]
    Settings {
        /// The batch.
        batch: String,
        /// What is wrong with them.
        source: SettingsError,
    },
    /// Shaped again, the batch is not what its plan says; nothing of it was written.
    #[error("batch {batch} does not come out as planned ({difference})")]
    NotAsPlanned {
        /// The batch.
        batch: String,
        /// What differs.
        difference: &'static str,
    },
    /// Other writers were quicker each time.
    #[error("no registry version could be made for batch {batch} in {REGISTRY_TRIES_MAX} tries")]
    RegistryContended {
        /// The batch.
        batch: String,
    },
}

impl NormalizeError {
    /// What to do: give the message back, or keep it aside for a person.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        match self {
            NormalizeError::Port(error) => error.disposition(),
            NormalizeError::Panicked { .. } | NormalizeError::RegistryContended { .. } => {
                Disposition::Retry
            }
            NormalizeError::UnknownBatch { .. }
            | NormalizeError::DocumentGone { .. }
            | NormalizeError::EndsProcess { .. }
            | NormalizeError::Encode(_)
            | NormalizeError::Settings { .. }
            | NormalizeError::NotAsPlanned { .. } => Disposition::Stop,
        }
    }
}

impl<I: IngressStore, L: Ledger, S: LakeStore, C: Catalog> Normalizer<I, L, S, C> {
    /// Commits the batch of a message; repeated and overlapping calls are harmless.
    ///
    /// `receives`: how often the message was handed out, this time included.
    ///
    /// Answers what this call committed: nothing if the batch was committed before, several batches
    /// if it was too large for one.
    ///
    /// # Errors
    /// [`NormalizeError`], whose disposition says what to do with the message.
    pub async fn normalize(
        &self,
        message: &BatchMessage,
        receives: u32,
        settings: &SettingsInForce,
    ) -> Result<Vec<Committed>, NormalizeError> {
        let id = &message.batch;
        let Some(BatchRecord { batch, state }) = self.ledger.batch(id).await? else {
            return Err(NormalizeError::UnknownBatch { batch: id.to_string() });
        };
        if state == BatchState::Committed {
            return Ok(Vec::new());
        }
        if let Some(plan) = self.ledger.plan(id).await? {
            return Ok(vec![self.carry_out(&batch, &plan).await?]);
        }
        let documents = self.ingress.get_all(&batch.documents).await?;
        let mut done = Vec::new();
        let pieces = self.pieces(&batch, &documents).await?;
        if pieces.is_empty() {
            let trial = self.trial(message, receives).await?;
            let claimed = self.claim(&batch, documents).await?;
            done.push(self.plan(&batch, claimed, trial, settings).await?);
            return Ok(done);
        }
        drop(documents);
        for piece in pieces {
            self.ledger.create_batch(&piece).await?;
            let message = BatchMessage { batch: piece.id, ..message.clone() };
            // A piece fits, so this goes no deeper.
            done.append(&mut Box::pin(self.normalize(&message, receives, settings)).await?);
        }
        // Its documents are all in pieces: it ends like a batch whose documents others hold.
        self.plan(&batch, Vec::new(), None, settings).await?;
        Ok(done)
    }

    /// How far the trial of a batch is; none as long as it is tried as a whole.
    async fn trial(
        &self,
        message: &BatchMessage,
        receives: u32,
    ) -> Result<Option<Trial>, PortError> {
        if receives <= 1 && message.send == 0 {
            return Ok(None);
        }
        let trial = self.ledger.trial(&message.batch).await?;
        let mut trial = trial.filter(|trial| trial.build == BUILD);
        if let Some(trial) = &mut trial
            && receives <= 1
        {
            // Sent again by somebody: whatever ended the process then may be gone, and all tries are
            // open. What passed or was set aside stays so, or no redrive would get further.
            trial.begun = 0;
        }
        let fresh = || Trial { build: BUILD.to_owned(), ..Trial::default() };
        Ok(trial.or_else(|| (receives > WHOLE_TRIES_MAX).then(fresh)))
    }

    /// The batches that a batch falls into which is too large once its bodies are decompressed: none
    /// for one that is not.
    async fn pieces(
        &self,
        batch: &Batch,
        documents: &[Option<StoredDocument>],
    ) -> Result<Vec<Batch>, PortError> {
        let pieces = pieces(batch, documents);
        if pieces.is_empty() {
            return Ok(pieces);
        }
        // Once it holds a claim it stays whole: claims are for good.
        for id in &batch.documents {
            let claimed = self.ledger.document(&batch.table, batch.generation, id).await?;
            if claimed.is_some_and(|record| record.batch == batch.id) {
                return Ok(Vec::new());
            }
        }
        Ok(pieces)
    }

    /// Claims a batch's members; answers those that it holds. `documents`: its members.
    async fn claim(
        &self,
        batch: &Batch,
        documents: Vec<Option<StoredDocument>>,
    ) -> Result<Vec<StoredDocument>, NormalizeError> {
        let heads = documents.iter().flatten().map(|document| document.head.clone());
        let ours = self.ledger.claim(batch, &heads.collect::<Vec<_>>()).await?;
        let members = batch.documents.iter().zip(documents).zip(ours);
        let ours = members.filter(|(_, ours)| *ours);
        ours.map(|((id, found), _)| found.ok_or_else(|| gone(batch, id))).collect()
    }

    /// Shapes, plans and writes a batch that has no plan. `documents`: those that it holds. `trial`:
    /// how far it is, where shaping the batch as a whole has failed without an answer.
    async fn plan(
        &self,
        batch: &Batch,
        documents: Vec<StoredDocument>,
        mut trial: Option<Trial>,
        settings: &SettingsInForce,
    ) -> Result<Committed, NormalizeError> {
        let before = trial.clone();
        let done = self.plan_tried(batch, documents, &mut trial, settings).await;
        if let (Err(NormalizeError::Port(_)), Some(before), Some(mut trial)) =
            (&done, before, trial)
        {
            // A port failed and the process goes on: that is no try without an end.
            let begun_before = if trial.tried == before.tried { before.begun } else { 0 };
            trial.begun = trial.begun.min(begun_before);
            // If this fails, too, it counts as one; the first failure is what the caller must know.
            let _ = self.ledger.keep_trial(&batch.id, &trial).await;
        }
        done
    }

    /// The same; `trial` is as far as it came.
    async fn plan_tried(
        &self,
        batch: &Batch,
        documents: Vec<StoredDocument>,
        trial: &mut Option<Trial>,
        settings: &SettingsInForce,
    ) -> Result<Committed, NormalizeError> {
        let ids = documents.iter().map(|document| document.head.id.to_string()).collect();
        // What is filed under no table of its own needs none.
        let admitted = !batch.table.is_of_rejects()
            && self.ledger.admit(&batch.table, settings.tables_max()).await?;
        let rules = rules(settings, batch, admitted);
        if let Some(trial) = trial {
            self.try_alone(batch, &documents, &rules, trial).await?;
        }
        let isolated = trial.as_ref().map(|trial| trial.isolated.clone()).unwrap_or_default();
        let aside = Aside { admitted, isolated };

        let (shaped, base_version) = self.shape_newest(batch, &documents, &rules, &aside).await?;
        // Parquet is encoded from the columns; the bodies would only take room.
        drop(documents);
        if admitted {
            // Schema first: from here on readers know every column of the parts to come (D7).
            self.catalog.show(shaped.registry()).await?;
        }
        self.lake.keep_settings(&settings.hash, &settings.text).await?;

        let (parts, contents) = encode(&shaped, &batch.id)?;
        if let Some(trial) = trial {
            trial.begun = 0;
            self.ledger.keep_trial(&batch.id, trial).await?;
        }
        let plan = Plan {
            format: PLAN_FORMAT,
            build: BUILD.to_owned(),
            batch: batch.id.to_string(),
            table: batch.table.to_string(),
            generation: batch.generation,
            base_version,
            version: shaped.registry().version,
            settings: settings.hash,
            documents: ids,
            isolated: aside.isolated.into_iter().collect(),
            admitted,
            parts,
            report: shaped.report().clone(),
        };
        if self.ledger.create_plan(&plan).await? == Created::Exists {
            // Another run of the same batch was quicker: its plan holds.
            drop((shaped, contents));
            let Some(plan) = self.ledger.plan(&batch.id).await? else {
                return Err(NormalizeError::UnknownBatch { batch: batch.id.to_string() });
            };
            return self.carry_out(batch, &plan).await;
        }
        self.write(batch, &plan, &shaped, &plan.parts, &contents).await
    }

    /// Tries the documents that were not tried yet, each alone, and begins the batch as a whole.
    async fn try_alone(
        &self,
        batch: &Batch,
        documents: &[StoredDocument],
        rules: &TableSettings,
        trial: &mut Trial,
    ) -> Result<(), NormalizeError> {
        let base = self.lake.latest_registry(&batch.table, batch.generation).await?;
        let nobody = Aside { admitted: true, isolated: BTreeSet::new() };
        while let Some(document) = documents.get(trial.tried as usize) {
            let answers = trial.begun < TRIES_WITHOUT_END_MAX && {
                trial.begun += 1;
                self.ledger.keep_trial(&batch.id, trial).await?;
                let shaped = shape(&base, rules, std::slice::from_ref(document), &nobody);
                shaped.is_some_and(|shaped| encode(&shaped, &batch.id).is_ok())
            };
            if !answers {
                trial.isolated.insert(document.head.id.to_string());
            }
            trial.tried += 1;
            trial.begun = 0;
        }
        if trial.begun >= TRIES_WITHOUT_END_MAX {
            return Err(NormalizeError::EndsProcess { batch: batch.id.to_string() });
        }
        trial.begun += 1;
        self.ledger.keep_trial(&batch.id, trial).await?;
        Ok(())
    }

    /// Shapes against the newest registry and makes its next version durable. Answers the version
    /// shaped against, too.
    async fn shape_newest(
        &self,
        batch: &Batch,
        documents: &[StoredDocument],
        rules: &TableSettings,
        aside: &Aside,
    ) -> Result<(Shaped, u64), NormalizeError> {
        for _ in 0..REGISTRY_TRIES_MAX {
            let base = self.lake.latest_registry(&batch.table, batch.generation).await?;
            let shaped = shape(&base, rules, documents, aside)
                .ok_or_else(|| NormalizeError::Panicked { batch: batch.id.to_string() })?;
            let known = shaped.registry().version == base.version;
            if known || self.lake.create_registry(shaped.registry()).await? == Created::New {
                return Ok((shaped, base.version));
            }
            // Who loses the race for a registry version shapes again against the winner's.
        }
        Err(NormalizeError::RegistryContended { batch: batch.id.to_string() })
    }

    /// Shapes by the plan and writes exactly its keys.
    async fn carry_out(&self, batch: &Batch, plan: &Plan) -> Result<Committed, NormalizeError> {
        let differs =
            |difference| NormalizeError::NotAsPlanned { batch: plan.batch.clone(), difference };
        let text = self.lake.settings(&plan.settings).await?;
        let settings = SettingsInForce::parse(text)
            .map_err(|source| NormalizeError::Settings { batch: plan.batch.clone(), source })?;
        let ids: Option<Vec<DocumentId>> =
            plan.documents.iter().map(|id| DocumentId::parse(id).ok()).collect();
        let ids = ids.ok_or_else(|| differs("a document id"))?;
        let found = self.ingress.get_all(&ids).await?;
        let found = ids.iter().zip(found);
        let documents: Result<Vec<StoredDocument>, _> =
            found.map(|(id, found)| found.ok_or_else(|| gone(batch, id))).collect();
        let documents = documents?;
        let base = self.lake.registry(&batch.table, batch.generation, plan.base_version).await?;
        let aside =
            Aside { admitted: plan.admitted, isolated: plan.isolated.iter().cloned().collect() };
        let rules = rules(&settings, batch, plan.admitted);
        let shaped = shape(&base, &rules, &documents, &aside)
            .ok_or_else(|| NormalizeError::Panicked { batch: batch.id.to_string() })?;
        drop(documents);
        let planned = self.lake.registry(&batch.table, batch.generation, plan.version).await?;
        if *shaped.registry() != planned {
            return Err(differs("its registry version"));
        }
        if plan.admitted {
            self.catalog.show(shaped.registry()).await?;
        }
        // Everything is compared before the first part is written.
        let (parts, contents) = encode(&shaped, &batch.id)?;
        let same = if plan.build == BUILD {
            parts == plan.parts
        } else {
            // Another build may compress the same rows to other bytes.
            let rows = |parts: &[PlannedPart]| -> Vec<(String, u64)> {
                parts.iter().map(|part| (part.key.clone(), part.rows)).collect()
            };
            rows(&parts) == rows(&plan.parts) && *shaped.report() == plan.report
        };
        if !same {
            return Err(differs("its parts"));
        }
        self.write(batch, plan, &shaped, &parts, &contents).await
    }

    /// Writes parts, then the states of the documents, then that of the batch.
    async fn write(
        &self,
        batch: &Batch,
        plan: &Plan,
        shaped: &Shaped,
        parts: &[PlannedPart],
        contents: &[Vec<u8>],
    ) -> Result<Committed, NormalizeError> {
        for (part, content) in parts.iter().zip(contents) {
            self.lake.write_part(&part.key, content).await?;
        }
        self.ledger.record(plan, &shaped.outcomes()).await?;
        self.ledger.commit(&batch.id, parts).await?;
        Ok(Committed { report: plan.report.clone(), parts: parts.to_vec() })
    }
}

fn gone(batch: &Batch, document: &DocumentId) -> NormalizeError {
    NormalizeError::DocumentGone { batch: batch.id.to_string(), document: document.to_string() }
}

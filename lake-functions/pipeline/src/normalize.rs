//! Normalize: one batch, exactly once (D5), schema first (D7).

use crate::batch::{Batch, BatchMessage};
use crate::content_hash::ContentHash;
use crate::document::StoredDocument;
use crate::encode::{EncodeFailed, encode_parts};
use crate::limits::{TABLES_MAX, TRIES_WITHOUT_END_MAX, WHOLE_TRIES_MAX};
use crate::plan::{PLAN_FORMAT, Plan, PlannedPart};
use crate::ports::{
    BatchState, Catalog, Created, Disposition, IngressStore, LakeStore, Ledger, PortError,
};
use crate::trial::Trial;
use sluice_normalizer::{
    BatchId, DocumentId, Registry, Report, Settings, SettingsError, Shaped, Shaper, TableSettings,
    WholeReject,
};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

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

/// The settings in force: the text of `sluice.yaml`, empty when there is none.
#[derive(Debug, Clone)]
pub struct SettingsInForce {
    text: String,
    hash: ContentHash,
    settings: Settings,
}

impl SettingsInForce {
    /// Parses a settings file.
    ///
    /// # Errors
    /// [`SettingsError`] says what is wrong and where.
    pub fn parse(text: String) -> Result<Self, SettingsError> {
        let settings = Settings::from_yaml(&text)?;
        Ok(SettingsInForce { hash: ContentHash::sha256(text.as_bytes()), text, settings })
    }

    /// How many root tables there may be.
    #[must_use]
    pub fn tables_max(&self) -> u32 {
        self.settings.tables_max().unwrap_or(TABLES_MAX)
    }

    /// The parsed settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Normalized {
    /// Committed by this call.
    Committed {
        /// What the normalizer reported.
        report: Report,
        /// The parts written.
        parts: Vec<PlannedPart>,
    },
    /// It was committed before; nothing was done.
    AlreadyCommitted,
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
    /// # Errors
    /// [`NormalizeError`], whose disposition says what to do with the message.
    pub async fn normalize(
        &self,
        message: &BatchMessage,
        receives: u32,
        settings: &SettingsInForce,
    ) -> Result<Normalized, NormalizeError> {
        let id = &message.batch;
        let Some(record) = self.ledger.batch(id).await? else {
            return Err(NormalizeError::UnknownBatch { batch: id.to_string() });
        };
        if record.state == BatchState::Committed {
            return Ok(Normalized::AlreadyCommitted);
        }
        if let Some(plan) = self.ledger.plan(id).await? {
            return self.carry_out(&record.batch, &plan).await;
        }
        // A first try has no trial behind it.
        let first = receives <= 1 && message.send == 0;
        let trial = if first { None } else { self.ledger.trial(id).await? };
        let trial = trial.filter(|trial| trial.build == BUILD);
        let fresh = || Trial { build: BUILD.to_owned(), ..Trial::default() };
        let trial = trial.or_else(|| (receives > WHOLE_TRIES_MAX).then(fresh));
        self.plan(&record.batch, trial, settings).await
    }

    /// Claims, shapes, plans and writes a batch that has no plan. `trial`: how far it is, where
    /// shaping the batch as a whole has failed without an answer.
    async fn plan(
        &self,
        batch: &Batch,
        mut trial: Option<Trial>,
        settings: &SettingsInForce,
    ) -> Result<Normalized, NormalizeError> {
        let ours = self.ledger.claim(batch).await?;
        let claimed: Vec<DocumentId> = batch
            .documents
            .iter()
            .zip(ours)
            .filter(|(_, ours)| *ours)
            .map(|(id, _)| id.clone())
            .collect();
        let documents = self.documents(batch, &claimed).await?;
        let admitted = self.ledger.admit(&batch.table, settings.tables_max()).await?;
        let rules = rules(settings, batch, admitted);
        if let Some(trial) = &mut trial {
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
        if let Some(trial) = &mut trial {
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
            documents: claimed.iter().map(ToString::to_string).collect(),
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
    async fn carry_out(&self, batch: &Batch, plan: &Plan) -> Result<Normalized, NormalizeError> {
        let differs =
            |difference| NormalizeError::NotAsPlanned { batch: plan.batch.clone(), difference };
        let text = self.lake.settings(&plan.settings).await?;
        let settings = SettingsInForce::parse(text)
            .map_err(|source| NormalizeError::Settings { batch: plan.batch.clone(), source })?;
        let ids: Option<Vec<DocumentId>> =
            plan.documents.iter().map(|id| DocumentId::parse(id).ok()).collect();
        let ids = ids.ok_or_else(|| differs("a document id"))?;
        let documents = self.documents(batch, &ids).await?;
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
    ) -> Result<Normalized, NormalizeError> {
        for (part, content) in parts.iter().zip(contents) {
            self.lake.write_part(&part.key, content).await?;
        }
        self.ledger.record(plan, &shaped.outcomes()).await?;
        self.ledger.commit(&batch.id, parts).await?;
        Ok(Normalized::Committed { report: plan.report.clone(), parts: parts.to_vec() })
    }

    async fn documents(
        &self,
        batch: &Batch,
        ids: &[DocumentId],
    ) -> Result<Vec<StoredDocument>, NormalizeError> {
        let found = self.ingress.get_all(ids).await?;
        let gone = |id: &DocumentId| NormalizeError::DocumentGone {
            batch: batch.id.to_string(),
            document: id.to_string(),
        };
        ids.iter().zip(found).map(|(id, found)| found.ok_or_else(|| gone(id))).collect()
    }
}

/// What of a batch is not shaped.
struct Aside {
    /// False: nothing of it is, its table is one too many.
    admitted: bool,
    /// Ids of documents.
    isolated: BTreeSet<String>,
}

/// What holds for the batch's table. Settings declare nothing of a table that is not there.
fn rules(settings: &SettingsInForce, batch: &Batch, admitted: bool) -> TableSettings {
    if admitted { settings.settings().table(&batch.table) } else { TableSettings::default() }
}

/// None when shaping panicked.
fn shape(
    base: &Registry,
    rules: &TableSettings,
    documents: &[StoredDocument],
    aside: &Aside,
) -> Option<Shaped> {
    let shape = || {
        let mut shaper = Shaper::new(base, rules);
        for document in documents {
            if !aside.admitted {
                shaper.refused(&document.as_document(), WholeReject::TooManyTables);
            } else if aside.isolated.contains(document.head.id.as_str()) {
                shaper.refused(&document.as_document(), WholeReject::Poisoned);
            } else {
                shaper.document(&document.as_document());
            }
        }
        shaper.finish()
    };
    // Nothing of the shaper outlives a panic.
    catch_unwind(AssertUnwindSafe(shape)).ok()
}

fn encode(
    shaped: &Shaped,
    batch: &BatchId,
) -> Result<(Vec<PlannedPart>, Vec<Vec<u8>>), NormalizeError> {
    let encoded = catch_unwind(AssertUnwindSafe(|| encode_parts(shaped, batch)));
    let panicked = |_| NormalizeError::Panicked { batch: batch.to_string() };
    Ok(encoded.map_err(panicked)??)
}

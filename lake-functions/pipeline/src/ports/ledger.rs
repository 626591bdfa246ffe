//! The ledger: which batch holds which document, and how far it is.

use super::{Created, PortError};
use crate::batch::Batch;
use crate::document::DocumentHead;
use crate::plan::{Plan, PlannedPart};
use crate::status::DocumentRecord;
use crate::trial::Trial;
use sluice_normalizer::{BatchId, DocumentId, DocumentOutcome, TableName};

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Made, perhaps planned.
    Open,
    /// All its parts are in the lake and seen by readers.
    Committed,
}

/// A batch and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRecord {
    /// Its members.
    pub batch: Batch,
    /// How far it is.
    pub state: BatchState,
}

/// Which batch holds which document, and how far it is.
pub trait Ledger {
    /// Whether the table is one of the platform's root tables. It becomes one if fewer than
    /// `tables_max` are, and stays one.
    ///
    /// # Errors
    /// [`PortError`].
    fn admit(
        &self,
        table: &TableName,
        tables_max: u32,
    ) -> impl Future<Output = Result<bool, PortError>> + Send;

    /// The table's current generation; 1 for a table that was never written.
    ///
    /// # Errors
    /// [`PortError`].
    fn generation(&self, table: &TableName) -> impl Future<Output = Result<u32, PortError>> + Send;

    /// Keeps a batch's members unless the batch is known; the same id has the same members.
    ///
    /// # Errors
    /// [`PortError`].
    fn create_batch(
        &self,
        batch: &Batch,
    ) -> impl Future<Output = Result<Created, PortError>> + Send;

    /// The batch, none when it is not known.
    ///
    /// # Errors
    /// [`PortError`].
    fn batch(
        &self,
        id: &BatchId,
    ) -> impl Future<Output = Result<Option<BatchRecord>, PortError>> + Send;

    /// Claims those of the batch's members that no other batch of the same table and generation
    /// holds. A claim is for good. Answers, in the order of the members, whether this batch holds
    /// them.
    ///
    /// `heads`: of members, in their order, for a ledger that tells people where a document is and
    /// knows it by nothing else; a member without one is claimed all the same.
    ///
    /// # Errors
    /// [`PortError`]; some members may be claimed then.
    fn claim(
        &self,
        batch: &Batch,
        heads: &[DocumentHead],
    ) -> impl Future<Output = Result<Vec<bool>, PortError>> + Send;

    /// How far the trial of a batch is, none when there was none.
    ///
    /// # Errors
    /// [`PortError`].
    fn trial(&self, id: &BatchId) -> impl Future<Output = Result<Option<Trial>, PortError>> + Send;

    /// Keeps how far the trial of a batch is, over what was kept before.
    ///
    /// # Errors
    /// [`PortError`].
    fn keep_trial(
        &self,
        id: &BatchId,
        trial: &Trial,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Keeps a batch's plan unless it has one.
    ///
    /// # Errors
    /// [`PortError`].
    fn create_plan(&self, plan: &Plan) -> impl Future<Output = Result<Created, PortError>> + Send;

    /// The batch's plan, none when it has none yet.
    ///
    /// # Errors
    /// [`PortError`].
    fn plan(&self, id: &BatchId) -> impl Future<Output = Result<Option<Plan>, PortError>> + Send;

    /// Keeps what became of a planned batch's documents: `outcomes` by the plan's documents.
    ///
    /// # Errors
    /// [`PortError`]; some outcomes may be kept then.
    fn record(
        &self,
        plan: &Plan,
        outcomes: &[DocumentOutcome],
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Ends the batch: from now on readers see its parts. `parts`: as written. A batch that is
    /// committed already stays as it is.
    ///
    /// # Errors
    /// [`PortError`].
    fn commit(
        &self,
        id: &BatchId,
        parts: &[PlannedPart],
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// What is known of a document in a generation of its table, none when no batch claimed it.
    ///
    /// # Errors
    /// [`PortError`].
    fn document(
        &self,
        table: &TableName,
        generation: u32,
        id: &DocumentId,
    ) -> impl Future<Output = Result<Option<DocumentRecord>, PortError>> + Send;
}

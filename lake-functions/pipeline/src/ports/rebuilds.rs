//! What a rebuild beside a running pipeline needs of the ledger, the queue, the lake and the catalog.

use super::{BatchState, PortError, WorkQueue};
use crate::rebuild::{Rebuild, Replayed};
use sluice_normalizer::{BatchId, Registry, TableName};

/// A batch as the list of a generation has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBatch {
    /// The batch.
    pub id: BatchId,
    /// What was kept by [`Rebuilds::keep_replayed`] last.
    pub replayed: Option<Replayed>,
}

/// Some batches of a generation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedPage {
    /// Oldest first, as far as their makers' clocks agree.
    pub batches: Vec<ListedBatch>,
    /// Where to go on, none after the last page. Means something to the ledger only.
    pub next: Option<String>,
}

/// How sure a note of a batch is that a rebuild waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// The batch is about to be made.
    Intended,
    /// It is there.
    Made,
}

/// The ledger of rebuilds.
pub trait Rebuilds {
    /// The table's last rebuild, none when there was none.
    ///
    /// # Errors
    /// [`PortError`].
    fn rebuild(
        &self,
        table: &TableName,
    ) -> impl Future<Output = Result<Option<Rebuild>, PortError>> + Send;

    /// Keeps a rebuild, if the one kept has the revision before this one's: 1 is the first. False
    /// when it does not, which may be the doing of this very call, repeated.
    ///
    /// # Errors
    /// [`PortError`].
    fn keep_rebuild(
        &self,
        table: &TableName,
        rebuild: &Rebuild,
    ) -> impl Future<Output = Result<bool, PortError>> + Send;

    /// Makes a generation the table's current one, if `from` is. False when neither is.
    ///
    /// # Errors
    /// [`PortError`].
    fn change_generation(
        &self,
        table: &TableName,
        from: u32,
        to: u32,
    ) -> impl Future<Output = Result<bool, PortError>> + Send;

    /// A page of the batches of a table's generation, committed or not. `from`:
    /// [`ListedPage::next`] of the page before, none for the first. A batch made a moment ago may be
    /// missing, for seconds.
    ///
    /// # Errors
    /// [`PortError`].
    fn batches_of(
        &self,
        table: &TableName,
        generation: u32,
        from: Option<&str>,
    ) -> impl Future<Output = Result<ListedPage, PortError>> + Send;

    /// Keeps with a batch that its documents are in batches of another generation.
    ///
    /// # Errors
    /// [`PortError`].
    fn keep_replayed(
        &self,
        id: &BatchId,
        replayed: &Replayed,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Notes a batch that the rebuild into a generation waits for. A note that says more stays as it
    /// is.
    ///
    /// # Errors
    /// [`PortError`].
    fn await_batch(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
        note: Note,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// All batches noted, and none that was not: what was noted or removed before is seen.
    ///
    /// # Errors
    /// [`PortError`].
    fn awaited(
        &self,
        table: &TableName,
        generation: u32,
    ) -> impl Future<Output = Result<Vec<BatchId>, PortError>> + Send;

    /// Removes a note that does not say more than `note`. Answers whether none of the batch is left.
    ///
    /// # Errors
    /// [`PortError`].
    fn forget_awaited(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
        note: Note,
    ) -> impl Future<Output = Result<bool, PortError>> + Send;

    /// How far a batch is, none when it was not made. What was written before is seen.
    ///
    /// # Errors
    /// [`PortError`].
    fn batch_state(
        &self,
        id: &BatchId,
    ) -> impl Future<Output = Result<Option<BatchState>, PortError>> + Send;
}

/// A queue with room beside the live batches of a table.
pub trait Lanes: WorkQueue {
    /// The same queue; what is sent through it is in order within the lane of the generation, and
    /// holds up nothing outside of it.
    #[must_use]
    fn beside(&self, generation: u32) -> Self;
}

/// Removes parts that nobody may see any more.
pub trait RemoveParts {
    /// Removes a part; one that is not there is fine.
    ///
    /// # Errors
    /// [`PortError`].
    fn remove_part(&self, key: &str) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// What a switch of the views came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switched {
    /// The views show the registry, or a later version of its generation.
    Done,
    /// A higher version was shown meanwhile, perhaps by somebody who still saw the old views: switch
    /// again with that version.
    Behind {
        /// The version.
        version: u64,
    },
}

/// Lets people query another generation.
pub trait Views {
    /// Lets the views show a generation, which must not be lower than the visible one, from now on.
    /// `registry`: its newest version. Safe to repeat, and to be repeated until it is done.
    ///
    /// # Errors
    /// [`PortError`]; some views may have changed then.
    fn switch(
        &self,
        registry: &Registry,
    ) -> impl Future<Output = Result<Switched, PortError>> + Send;
}

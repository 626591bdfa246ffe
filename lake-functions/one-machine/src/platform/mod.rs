//! The platform of one machine: the store, the lake and the background normalizer in one folder.

mod adapters;
mod background;
mod changes;
mod counters;
mod events;
mod index;
mod open;
mod pauses;
mod rebuild;
mod retain;
mod settings_file;
mod sweep;
mod tidy;
mod views;
mod wake;

pub use changes::{Changes, ColumnChange, TableChange};
pub use events::{Event, EventSink};
pub use open::OpenError;
pub use rebuild::{RebuildError, RebuildState, RebuildView};
pub use retain::Retained;
pub use settings_file::ReloadError;
pub use views::{DocumentView, Figures, RejectCount, TableDetail, TableSummary};

use crate::snapshot::Snapshot;
use crate::store::PutWithin;
use background::Shared;
use sluice_normalizer::{DocumentId, TableName};
use sluice_pipeline::{PortError, Put, SettingsInForce, StoredDocument};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How a platform runs.
#[derive(Debug, Clone)]
pub struct PlatformOptions {
    /// The folder that holds everything; created if it is missing.
    pub data: PathBuf,
    /// The settings in force.
    pub settings: SettingsInForce,
    /// Where they came from; looked at again every now and then, and before a rebuild. A changed file
    /// is taken once it was left alone for a second.
    pub settings_file: Option<PathBuf>,
    /// How long after a document's arrival its batch is closed, at most.
    pub linger: Duration,
    /// Who hears what happens in the background.
    pub events: EventSink,
}

/// Everything that happens behind the front door. Cheap to clone; the last one to be dropped ends
/// the threads.
#[derive(Debug, Clone)]
pub struct Platform {
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    shared: Arc<Shared>,
    _locks: open::Locks,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.stop();
        self.shared.store().close();
    }
}

/// Milliseconds since 1970 UTC.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Platform {
    /// Opens the folder and starts the background normalizer, which first ends what a crash left.
    /// The folder is this platform's until it is closed.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(options: PlatformOptions) -> Result<Self, OpenError> {
        let (shared, locks) = open::open(options)?;
        Ok(Platform { running: Arc::new(Running { shared, _locks: locks }) })
    }

    /// Makes a document durable, unless its table would be one too many for the settings in force.
    ///
    /// # Errors
    /// [`PortError`]: nothing was promised.
    pub async fn accept(&self, document: StoredDocument) -> Result<PutWithin, PortError> {
        let shared = self.shared();
        let bytes = document.head.bytes;
        let tables_max = shared.settings().tables_max();
        let put = shared.store().put_within(document, tables_max).await?;
        if put == PutWithin::Put(Put::Stored) {
            shared.counters.add(|sums| {
                sums.documents += 1;
                sums.document_bytes += bytes;
            });
            shared.arrived.ring();
        }
        Ok(put)
    }

    /// Where a document is; none when there is none with this id.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn document(&self, id: &DocumentId) -> Result<Option<DocumentView>, PortError> {
        let place = self.shared().store().document_view(id).await?;
        self.shared().indexed.in_step().await;
        Ok(place.map(DocumentView::of))
    }

    /// All tables with a committed batch, by name.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn tables(&self) -> Result<Vec<TableSummary>, PortError> {
        let totals = self.shared().store().totals().await?;
        self.shared().indexed.in_step().await;
        let snapshot = self.snapshot();
        Ok(totals.iter().map(|totals| TableSummary::of(totals, &snapshot)).collect())
    }

    /// One table; none when no batch of it is committed.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn table(&self, name: &TableName) -> Result<Option<TableDetail>, PortError> {
        let totals = self.shared().store().table_totals(name).await?;
        self.shared().indexed.in_step().await;
        Ok(totals.map(|totals| TableDetail::of(totals, &self.snapshot())))
    }

    /// What SQL sees now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared().indexed.index.snapshot()
    }

    /// The platform in figures.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn figures(&self) -> Result<Figures, PortError> {
        let shared = self.shared();
        let waiting = shared.store().waiting().await?;
        let stopped_batches = shared.store().set_aside_count().await?;
        let sums = shared.counters.sums();
        let lists = shared.indexed.index.lists();
        // A clock that was ahead when the document came makes it negative, which is no lag.
        let lag_ms = waiting.oldest_received_at_ms.map_or(0, |oldest| now_ms() - oldest);
        Ok(Figures {
            documents: sums.documents,
            document_bytes: sums.document_bytes,
            batches: sums.batches,
            batch_failures: sums.batch_failures,
            rows: sums.rows,
            rejects: sums.rejects,
            conflicts: sums.conflicts,
            parts: sums.parts,
            part_bytes: sums.part_bytes,
            parts_merged: sums.parts_merged,
            waiting_documents: waiting.documents,
            waiting_batches: waiting.batches,
            lag_ms: u64::try_from(lag_ms).unwrap_or(0),
            live_parts: lists.iter().map(|(_, parts)| parts.len() as u64).sum(),
            stopped_batches,
        })
    }

    /// Puts the settings file in force if it has changed. Blocks for up to some seconds: a file that
    /// is being written is waited for.
    ///
    /// # Errors
    /// [`ReloadError`]: the settings before stay in force.
    pub fn reload_settings(&self) -> Result<(), ReloadError> {
        self.shared().reload_settled_settings()
    }

    /// Puts other settings in force, for batches planned and rebuilds started from now on.
    pub fn use_settings(&self, settings: SettingsInForce) {
        self.shared().use_settings(settings);
    }

    /// Starts to replay a table's documents into its next generation, under the settings in force,
    /// or tells of the rebuild that runs. `without_removed`: also when that loses rows whose
    /// documents were removed by retention.
    ///
    /// # Errors
    /// [`RebuildError`]; nothing was started.
    pub async fn start_rebuild(
        &self,
        table: &TableName,
        without_removed: bool,
    ) -> Result<RebuildView, RebuildError> {
        self.shared().start_rebuild(table, without_removed).await
    }

    /// The table's rebuild, none since the start of the platform.
    #[must_use]
    pub fn rebuild(&self, table: &TableName) -> Option<RebuildView> {
        self.shared().rebuilds.view(table)
    }

    /// Makes a table's ready rebuild the generation that is seen, in one step. Blocks until the
    /// documents that came meanwhile are replayed too.
    ///
    /// # Errors
    /// [`RebuildError`]; the generation that was seen still is.
    pub fn switch(&self, table: &TableName) -> Result<RebuildView, RebuildError> {
        self.shared().switch(table)
    }

    /// Removes what the settings in force say is too old, of every table that they name.
    ///
    /// # Errors
    /// [`PortError`]; some may be removed then.
    pub async fn retain(&self) -> Result<Vec<Retained>, PortError> {
        self.shared().retain().await
    }

    /// The lake's folder.
    #[must_use]
    pub fn lake_root(&self) -> &Path {
        self.shared().lake.root()
    }

    /// Ends the batch at work, stops the threads and closes the files; blocks until that is done.
    /// Documents that are in no committed batch yet are normalized after the next start.
    pub fn close(&self) {
        self.shared().stop();
        self.shared().store().close();
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.running.shared
    }
}

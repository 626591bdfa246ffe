//! Rebuild beside a running pipeline: the documents of a table are normalized again into its next
//! generation, by the same normalizers from the same queue; then people query that one.

mod replay;
mod state;

use crate::dispatch::DispatchLimits;
use crate::forward::remove_rejects;
use crate::ports::{
    BatchState, Heads, LakeStore, Lanes, Ledger, ListedBatch, Note, PortError, Rebuilds,
    RemoveParts, Switched, Views,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_normalizer::{BatchId, TableName};

pub use state::{Counts, Pass, REBUILD_FORMAT, Rebuild, RebuildState, Replayed};

/// Batches that a rebuild has made and that are not committed, before it makes more: SQS looks for
/// messages that it can hand out among the first 120,000 of a queue, and others want to be among
/// them.
const AWAITED_MAX: usize = 5_000;

/// Awaited batches that one step looks at.
const LOOKED_AT_MAX: usize = 1_000;

/// Of them at the same time.
const LOOKED_AT_AT_ONCE: usize = 16;

/// Batches whose rejects are removed at the same time.
const CLEARED_AT_ONCE: usize = 16;

/// Rebuilds tables. Cheap to make; the ports are handles.
///
/// Everything is a [step](Rebuilder::step) of a state that the ledger keeps: steps may be dropped
/// anywhere, repeated, and overlap. Why no document is lost, and none is there twice:
///
/// Let `g` be the old generation, `n` the new one, *change* the moment at which the ledger makes `n`
/// the current one.
///
/// - **None is twice in `n`** (I-2). `n` was never used before and never will be again, and in `n`
///   as in any generation a document is claimed by one batch for good. However often replays, late
///   batches and dispatchers announce it, it is shaped in one batch.
/// - **Each is in `n`** (I-1). A document that was dispatched is in a batch `B` of `g` or of `n`. In
///   `n` there is nothing to show. In `g`, look at what sees `B` last:
///   - A pass that lists `B`, at any time, makes its documents batches of `n`: those that its plan
///     says it holds, or all its members while it has no plan. Members never change, so it does not
///     matter how far `B` is, nor whether it ever ends. The mark by which later passes leave `B` out
///     is kept after these batches are made, noted and sent.
///   - No pass lists `B`, and it is committed *after* the change: whoever commits it, or finds it
///     committed, reads the current generation before the message is deleted ([`forward`]
///     (crate::forward)), sees `n` or a later one, and makes its documents a batch of that. The
///     dead letters of a committed batch are deleted only after the same.
///   - No pass lists `B`, and it is committed *before* the change: then it was made before it, and
///     the pass of [`RebuildState::Following`], which starts a grace after the change and lists all
///     batches from the first, lists it. The grace is what the ledger's list may lag behind. (If it
///     ever lagged more, the daily sweep of documents finds what the current generation does not
///     hold.)
///   - `B` is never committed: then its message, or the sweep of open batches, keeps it alive until
///     it is, and one of the cases before holds. A dispatcher that read `g`, and makes `B` long after
///     the change, is this one.
/// - **Nothing is seen before it is whole.** The views are told when a pass begun after the change
///   has found nothing more and every batch that the rebuild noted is committed; each is noted before
///   it is sent and before the mark of its documents, and notes are read consistently. Between the change and the views, documents
///   that come are in `n` and seen with it.
/// - **Nobody turns back.** Each change of state is a compare and set of its revision. A rebuild can
///   be given up only in states before [`RebuildState::Changing`]; the generation changes only from
///   `g` to `n`, so an invocation that slept through another rebuild changes nothing; views only ever
///   go up.
/// - **Nothing is seen of one that was given up** (I-2). The rejects of all generations are seen.
///   Giving up is kept, and a grace passes, before they are looked for; and whoever commits a batch of
///   `n` looks whether it was given up ([`end_if_given_up`](crate::end_if_given_up)) after they are
///   written: one of the two sees them. Batches of `n` that come later end without rows. Who dies
///   before it looks leaves them to its message, and to a drop that is repeated.
#[derive(Debug)]
pub struct Rebuilder<L, H, Q, S, V> {
    /// Which batch holds which document, and how far rebuilds are.
    pub ledger: L,
    /// What there is to replay.
    pub heads: H,
    /// Where batches are sent.
    pub queue: Q,
    /// Where registries and rejects are.
    pub lake: S,
    /// What people query.
    pub views: V,
    /// How large a batch may be.
    pub limits: DispatchLimits,
    /// How far the ledger's list of batches may lag behind, milliseconds.
    pub grace_ms: i64,
}

/// What a rebuild waits for.
struct Awaited {
    /// Batches noted when they were looked at.
    noted: usize,
    /// Those of them that are not known to be committed.
    open: usize,
}

/// What can be done after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another step at once.
    Step,
    /// Another step later: batches are not committed yet, or the grace is not over.
    Wait,
    /// To switch, or to give up: somebody must say.
    Decide,
    /// Nothing.
    Done,
}

/// Why a rebuild did not do what was asked. Nothing has changed for anybody.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The ledger has no batch of the table.
    #[error("there is no table {table}, or no document of it is in a batch yet")]
    UnknownTable {
        /// The table.
        table: TableName,
    },
    /// There is no rebuild to switch to or to give up.
    #[error("no rebuild of {table} is under way")]
    NoRebuild {
        /// The table.
        table: TableName,
    },
    /// It is not replayed yet.
    #[error("the rebuild of {table} into generation {generation} is not ready to be switched to")]
    NotReady {
        /// The table.
        table: TableName,
        /// The generation.
        generation: u32,
    },
    /// It is past giving up.
    #[error(
        "the rebuild of {table} is being switched to: generation {generation} is the current one"
    )]
    Switching {
        /// The table.
        table: TableName,
        /// The generation.
        generation: u32,
    },
    /// Rows would be lost that nobody agreed to lose.
    #[error(
        "{documents} documents of {table} were removed from the ingress store; their rows would be \
         lost, and {agreed} were agreed to"
    )]
    Removed {
        /// The table.
        table: TableName,
        /// How many.
        documents: u64,
        /// How many were agreed to.
        agreed: u64,
    },
    /// Another invocation changed the rebuild at this moment: look again.
    #[error("the rebuild of {table} was changed by another invocation at this moment")]
    Overtaken {
        /// The table.
        table: TableName,
    },
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl<L, H, Q, S, V> Rebuilder<L, H, Q, S, V>
where
    L: Ledger + Rebuilds,
    H: Heads,
    Q: Lanes,
    S: LakeStore + RemoveParts,
    V: Views,
{
    /// Starts a rebuild, or tells of the one that is under way.
    ///
    /// # Errors
    /// [`RebuildError`].
    pub async fn start(&self, table: &TableName, now_ms: i64) -> Result<Rebuild, RebuildError> {
        let last = self.ledger.rebuild(table).await?;
        if let Some(last) = last.as_ref().filter(|last| last.state.is_under_way()) {
            return Ok(last.clone());
        }
        let from = self.ledger.generation(table).await?;
        // A page can hold nothing but batches of other generations.
        let mut page = self.ledger.batches_of(table, from, None).await?;
        while page.batches.is_empty() {
            let Some(next) = page.next else {
                return Err(RebuildError::UnknownTable { table: table.clone() });
            };
            page = self.ledger.batches_of(table, from, Some(&next)).await?;
        }
        let used = last.as_ref().map_or(from, |last| last.to.max(from));
        let rebuild = Rebuild {
            format: REBUILD_FORMAT,
            revision: last.map_or(0, |last| last.revision),
            from,
            to: used.saturating_add(1),
            state: RebuildState::Replaying,
            pass: Pass::default(),
            counts: Counts::default(),
            without_removed: 0,
            started_at_ms: now_ms,
            changed_at_ms: None,
            ended_at_ms: None,
        };
        self.keep(table, rebuild).await
    }

    /// Begins to switch to a rebuild that is ready; steps do the rest. One that is being switched to
    /// already is told of.
    ///
    /// `without_removed`: how many removed documents may be left behind.
    ///
    /// # Errors
    /// [`RebuildError`].
    pub async fn switch(
        &self,
        table: &TableName,
        without_removed: u64,
    ) -> Result<Rebuild, RebuildError> {
        let none = || RebuildError::NoRebuild { table: table.clone() };
        let mut rebuild = self.ledger.rebuild(table).await?.ok_or_else(none)?;
        match rebuild.state {
            RebuildState::Replaying => {
                Err(RebuildError::NotReady { table: table.clone(), generation: rebuild.to })
            }
            RebuildState::Dropping | RebuildState::Dropped => Err(none()),
            RebuildState::Ready => {
                let removed = rebuild.counts.removed;
                agreed(table, removed, without_removed)?;
                rebuild.state = RebuildState::CatchingUp;
                rebuild.pass = Pass::default();
                rebuild.without_removed = without_removed;
                self.keep(table, rebuild).await
            }
            RebuildState::CatchingUp
            | RebuildState::Changing
            | RebuildState::Following
            | RebuildState::Showing
            | RebuildState::Clearing
            | RebuildState::Switched => Ok(rebuild),
        }
    }

    /// Gives up the rebuild that is under way: its generation will never be seen; steps remove what is
    /// seen of it. One that was given up is told of.
    ///
    /// # Errors
    /// [`RebuildError`].
    pub async fn give_up(&self, table: &TableName, now_ms: i64) -> Result<Rebuild, RebuildError> {
        let none = || RebuildError::NoRebuild { table: table.clone() };
        let mut rebuild = self.ledger.rebuild(table).await?.ok_or_else(none)?;
        if rebuild.state.is_given_up() {
            return Ok(rebuild);
        }
        if rebuild.state == RebuildState::Switched {
            return Err(none());
        }
        if !rebuild.state.can_be_given_up() {
            let generation = rebuild.to;
            return Err(RebuildError::Switching { table: table.clone(), generation });
        }
        rebuild.drop_at(now_ms);
        self.keep(table, rebuild).await
    }

    /// Does a bounded piece of what is to be done. Repeated and overlapping steps are harmless.
    ///
    /// # Errors
    /// [`RebuildError`]; another step goes on where this one failed.
    pub async fn step(
        &self,
        table: &TableName,
        now_ms: i64,
    ) -> Result<(Rebuild, Next), RebuildError> {
        let none = || RebuildError::NoRebuild { table: table.clone() };
        let mut rebuild = self.ledger.rebuild(table).await?.ok_or_else(none)?;
        match rebuild.state {
            RebuildState::Replaying | RebuildState::CatchingUp => self.replay(table, rebuild).await,
            RebuildState::Ready => Ok((rebuild, Next::Decide)),
            RebuildState::Changing => {
                let Rebuild { from, to, .. } = rebuild;
                if self.ledger.change_generation(table, from, to).await? {
                    rebuild.state = RebuildState::Following;
                    rebuild.changed_at_ms = Some(now_ms);
                    rebuild.pass = Pass::default();
                } else {
                    // Somebody changed it by hand; nobody will see this one.
                    rebuild.drop_at(now_ms);
                }
                Ok((self.keep(table, rebuild).await?, Next::Step))
            }
            RebuildState::Following => {
                let changed_at_ms = rebuild.changed_at_ms.unwrap_or(now_ms);
                if now_ms < changed_at_ms.saturating_add(self.grace_ms) {
                    return Ok((rebuild, Next::Wait));
                }
                self.replay(table, rebuild).await
            }
            RebuildState::Showing => {
                let registry = self.lake.latest_registry(table, rebuild.to).await?;
                match self.views.switch(&registry).await? {
                    Switched::Behind { .. } => return Ok((rebuild, Next::Step)),
                    Switched::Done => {}
                }
                rebuild.state = RebuildState::Clearing;
                rebuild.pass = Pass::default();
                Ok((self.keep(table, rebuild).await?, Next::Step))
            }
            RebuildState::Clearing => {
                self.clear_page(table, rebuild.from, &mut rebuild.pass).await?;
                if rebuild.pass.done {
                    rebuild.state = RebuildState::Switched;
                    rebuild.ended_at_ms = Some(now_ms);
                }
                Ok((self.keep(table, rebuild).await?, Next::Step))
            }
            RebuildState::Dropping => {
                let ended_at_ms = rebuild.ended_at_ms.unwrap_or(now_ms);
                if now_ms < ended_at_ms.saturating_add(self.grace_ms) {
                    return Ok((rebuild, Next::Wait));
                }
                // Whoever changed the generation by hand may want to see it.
                if self.ledger.generation(table).await? < rebuild.to {
                    self.clear_page(table, rebuild.to, &mut rebuild.pass).await?;
                } else {
                    rebuild.pass.done = true;
                }
                if rebuild.pass.done {
                    rebuild.state = RebuildState::Dropped;
                }
                Ok((self.keep(table, rebuild).await?, Next::Step))
            }
            RebuildState::Switched | RebuildState::Dropped => Ok((rebuild, Next::Done)),
        }
    }

    /// Removes the rejects that the next page of a pass over a generation lists.
    async fn clear_page(
        &self,
        table: &TableName,
        generation: u32,
        pass: &mut Pass,
    ) -> Result<(), PortError> {
        let page = self.ledger.batches_of(table, generation, pass.next.as_deref()).await?;
        self.clear(&page.batches).await?;
        pass.done = page.next.is_none();
        pass.next = page.next;
        Ok(())
    }

    /// Removes the rejects of a generation that nobody sees: what its batches wrote after they were
    /// removed, since a worker can end, and a write can arrive late, when nobody looks any more.
    ///
    /// # Errors
    /// [`PortError`]; some may be removed then.
    pub async fn clear_rejects_of(
        &self,
        table: &TableName,
        generation: u32,
    ) -> Result<(), PortError> {
        let mut pass = Pass::default();
        while !pass.done {
            self.clear_page(table, generation, &mut pass).await?;
        }
        Ok(())
    }

    /// Removes the rejects of some batches.
    async fn clear(&self, batches: &[ListedBatch]) -> Result<(), PortError> {
        stream::iter((0..batches.len()).map(Ok))
            .try_for_each_concurrent(CLEARED_AT_ONCE, async |at| {
                if let Some(plan) = self.ledger.plan(&batches[at].id).await? {
                    remove_rejects(&self.lake, &plan).await?;
                }
                Ok(())
            })
            .await
    }

    /// A page of the pass that is under way; once it is at its end and all batches made are
    /// committed, the next state.
    async fn replay(
        &self,
        table: &TableName,
        mut rebuild: Rebuild,
    ) -> Result<(Rebuild, Next), RebuildError> {
        let Awaited { noted, open } = self.open(table, rebuild.to).await?;
        if !rebuild.pass.done {
            if open >= AWAITED_MAX {
                return Ok((rebuild, Next::Wait));
            }
            self.replay_page(table, &mut rebuild).await?;
            return Ok((self.keep(table, rebuild).await?, Next::Step));
        }
        if open > 0 {
            return Ok((rebuild, Next::Wait));
        }
        if noted > 0 {
            // While they were looked at, another step may have noted more, which took documents from
            // them: only a list that is empty to begin with says that nothing is open.
            return Ok((rebuild, Next::Step));
        }
        rebuild.counts = rebuild.pass.counts;
        rebuild.state = match rebuild.state {
            RebuildState::Following => RebuildState::Showing,
            RebuildState::CatchingUp => {
                if let Err(refused) = agreed(table, rebuild.counts.removed, rebuild.without_removed)
                {
                    rebuild.state = RebuildState::Ready;
                    self.keep(table, rebuild).await?;
                    return Err(refused);
                }
                RebuildState::Changing
            }
            _ => RebuildState::Ready,
        };
        Ok((self.keep(table, rebuild).await?, Next::Step))
    }

    /// Looks at the batches made; those that are committed are forgotten.
    async fn open(&self, table: &TableName, generation: u32) -> Result<Awaited, PortError> {
        let awaited = self.ledger.awaited(table, generation).await?;
        let looked_at = &awaited[..awaited.len().min(LOOKED_AT_MAX)];
        let ended = stream::iter(looked_at)
            .map(async |id| match self.ledger.batch_state(id).await? {
                Some(BatchState::Open) => Ok::<_, PortError>(false),
                Some(BatchState::Committed) => {
                    self.ledger.forget_awaited(table, generation, id, Note::Made).await
                }
                None => self.forget_intended(table, generation, id).await,
            })
            .buffer_unordered(LOOKED_AT_AT_ONCE)
            .try_collect::<Vec<bool>>()
            .await?;
        let ended = ended.into_iter().filter(|ended| *ended).count();
        Ok(Awaited { noted: awaited.len(), open: awaited.len() - ended })
    }

    /// Forgets a batch that was noted and is not there. Whether it is not waited for any more.
    async fn forget_intended(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
    ) -> Result<bool, PortError> {
        // Its maker ended before it was there, and its documents go into others. Or the maker is about
        // to go on: then the note says so by now, and stays.
        if !self.ledger.forget_awaited(table, generation, id, Note::Intended).await? {
            return Ok(false);
        }
        // Or it ended right after.
        if self.ledger.batch_state(id).await?.is_none() {
            return Ok(true);
        }
        self.ledger.await_batch(table, generation, id, Note::Made).await?;
        Ok(false)
    }

    /// Keeps the next revision.
    async fn keep(&self, table: &TableName, mut rebuild: Rebuild) -> Result<Rebuild, RebuildError> {
        rebuild.revision += 1;
        if self.ledger.keep_rebuild(table, &rebuild).await? {
            return Ok(rebuild);
        }
        Err(RebuildError::Overtaken { table: table.clone() })
    }
}

fn agreed(table: &TableName, removed: u64, agreed: u64) -> Result<(), RebuildError> {
    if removed <= agreed {
        return Ok(());
    }
    Err(RebuildError::Removed { table: table.clone(), documents: removed, agreed })
}

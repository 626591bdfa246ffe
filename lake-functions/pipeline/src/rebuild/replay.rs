//! Replaying: the documents of old batches become batches of the next generation.

use super::{Rebuild, Rebuilder, Replayed};
use crate::batch::BatchMessage;
use crate::dispatch::group;
use crate::document::DocumentHead;
use crate::ports::{Heads, Lanes, Ledger, Note, PortError, Rebuilds};
use sluice_normalizer::{BatchId, DocumentId, TableName};

/// Documents whose heads are looked at before batches are made of them: some full batches, so that
/// many small batches become few.
const DOCUMENTS_TOGETHER: usize = 20_000;

/// Batches of one page, not made yet.
#[derive(Default)]
struct Gathered {
    documents: Vec<DocumentId>,
    /// How many of them each batch brought.
    batches: Vec<(BatchId, usize)>,
}

/// What is stored cannot be replayed.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("its plan names a document by what is no id")]
    DocumentId,
    #[error("it is listed, and not in the ledger")]
    Unknown,
}

impl<L, H, Q, S, V> Rebuilder<L, H, Q, S, V>
where
    L: Ledger + Rebuilds,
    H: Heads,
    Q: Lanes,
{
    /// Replays what the next page lists and no pass replayed before, and counts all of it.
    pub(super) async fn replay_page(
        &self,
        table: &TableName,
        rebuild: &mut Rebuild,
    ) -> Result<(), PortError> {
        let Rebuild { from, to, pass, .. } = rebuild;
        let page = self.ledger.batches_of(table, *from, pass.next.as_deref()).await?;
        let mut gathered = Gathered::default();
        for listed in page.batches {
            if let Some(replayed) = listed.replayed.filter(|replayed| replayed.to == *to) {
                pass.counts.add(&replayed);
                continue;
            }
            let documents = self.documents(&listed.id).await?;
            gathered.batches.push((listed.id, documents.len()));
            gathered.documents.extend(documents);
            if gathered.documents.len() >= DOCUMENTS_TOGETHER {
                let some = std::mem::take(&mut gathered);
                for replayed in self.make(table, *to, some).await? {
                    pass.counts.add(&replayed);
                }
            }
        }
        for replayed in self.make(table, *to, gathered).await? {
            pass.counts.add(&replayed);
        }
        pass.done = page.next.is_none();
        pass.next = page.next;
        Ok(())
    }

    /// The documents that a batch holds, or will: all its members while it has no plan.
    async fn documents(&self, id: &BatchId) -> Result<Vec<DocumentId>, PortError> {
        let unusable =
            |why| PortError::Damaged { what: format!("replay batch {id}"), source: Box::new(why) };
        if let Some(plan) = self.ledger.plan(id).await? {
            let ids = plan.documents.iter().map(|id| DocumentId::parse(id));
            let ids: Result<Vec<_>, _> = ids.collect();
            return ids.map_err(|_| unusable(Unusable::DocumentId));
        }
        match self.ledger.batch(id).await? {
            Some(record) => Ok(record.batch.documents),
            None => Err(unusable(Unusable::Unknown)),
        }
    }

    /// Makes batches of what was gathered and sends them; then marks where it came from.
    async fn make(
        &self,
        table: &TableName,
        to: u32,
        gathered: Gathered,
    ) -> Result<Vec<Replayed>, PortError> {
        let Gathered { documents, batches } = gathered;
        let mut found: Vec<Option<DocumentHead>> = Vec::with_capacity(documents.len());
        for head in self.heads.heads(&documents).await {
            // An id that was used again after its document was removed, for another table, is not
            // the document.
            found.push(head?.filter(|head| head.table == *table));
        }
        let mut replayed = Vec::with_capacity(batches.len());
        let mut rest = found.as_slice();
        for (_, count) in &batches {
            let (of_batch, others) = rest.split_at_checked(*count).unwrap_or((rest, &[]));
            rest = others;
            let there = of_batch.iter().flatten().count();
            let removed = (of_batch.len() - there) as u64;
            replayed.push(Replayed { to, documents: there as u64, removed });
        }
        let heads: Vec<DocumentHead> = found.into_iter().flatten().collect();
        let queue = self.queue.beside(to);
        for batch in group(&heads, &|_| to, &self.limits) {
            // Noted before anybody can work on it: whatever is lost now, nobody takes the generation
            // for whole. And again once it is there: a note of what is not is forgotten.
            self.ledger.await_batch(table, to, &batch.id, Note::Intended).await?;
            self.ledger.create_batch(&batch).await?;
            self.ledger.await_batch(table, to, &batch.id, Note::Made).await?;
            let (table, batch) = (batch.table, batch.id);
            queue.send(&BatchMessage { table, batch, send: 0 }).await?;
        }
        for ((id, _), replayed) in batches.iter().zip(&replayed) {
            self.ledger.keep_replayed(id, replayed).await?;
        }
        Ok(replayed)
    }
}

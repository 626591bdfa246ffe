//! Sweep: what no event announced, and what was begun and never ended.

use super::answer::SweepAnswer;
use super::{RedriveFunction, Time, acts, within};
use crate::log::log;
use serde_json::json;
use sluice_aws::{Inventory, InventoryError, S3IngressStore, SweepCursor};
use sluice_normalizer::DocumentId;
use sluice_pipeline::{Intent, OpenBatches, OpenPage, PortError, sweep_batches, sweep_documents};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A document younger than this is about to be announced and claimed.
const SETTLED_MS: i64 = 6 * HOUR_MS;

/// A batch that is open for longer than this is sent again. Tries that fail in a controlled way are a
/// minute apart, so a batch that is still being tried is seldom met, and does not mind.
const OPEN_FOR_MS: i64 = HOUR_MS;

/// Claims end to the second, and a sweep takes its time.
const BEFORE_CLAIMS_END_MS: i64 = HOUR_MS;

/// How much work is done again at most, if the function is killed.
const KEEP_EVERY: Duration = Duration::from_secs(10);

/// Why the inventory's documents could not all be swept.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

/// Documents found without a claim, and what to do about them.
struct Lost<'f> {
    function: &'f RedriveFunction,
    intent: Intent,
    /// Receive times at which a claim cannot have been forgotten.
    received_ms: Range<i64>,
    ids: Vec<DocumentId>,
    kept_at: Instant,
}

/// Pages until the time is up.
struct UntilStop<'l, O> {
    open: &'l O,
    time: Time,
    /// Whether there were more.
    stopped: AtomicBool,
}

impl<O: OpenBatches + Sync> OpenBatches for UntilStop<'_, O> {
    async fn open_batches(
        &self,
        made_before_ms: i64,
        from: Option<&str>,
    ) -> Result<OpenPage, PortError> {
        if self.time.is_up() && from.is_some() {
            self.stopped.store(true, Ordering::Relaxed);
            return Ok(OpenPage::default());
        }
        self.open.open_batches(made_before_ms, from).await
    }
}

impl RedriveFunction {
    /// Answers what failed.
    pub(super) async fn sweep(
        &self,
        intent: Intent,
        days: u32,
        time: Time,
        answer: &mut SweepAnswer,
    ) -> Vec<String> {
        let now_ms = now_ms();
        let mut failed = Vec::new();
        // First, since an inventory can take all the time there is, hour by hour.
        let open = UntilStop { open: &self.ledger, time, stopped: AtomicBool::new(false) };
        let sweeping =
            sweep_batches(&self.ledger, &open, &self.queue, now_ms - OPEN_FOR_MS, intent);
        match within(time, Box::pin(sweeping)).await {
            Ok(sent) => {
                answer.open.add_batches(&sent);
                answer.open_complete = !open.stopped.load(Ordering::Relaxed);
            }
            Err(error) => failed.push(error),
        }
        let documents = self.sweep_inventory(intent, days, now_ms, time, answer);
        if let Err(error) = within(time, Box::pin(documents)).await {
            failed.push(error);
        }
        failed
    }

    async fn sweep_inventory(
        &self,
        intent: Intent,
        days: u32,
        now_ms: i64,
        time: Time,
        answer: &mut SweepAnswer,
    ) -> Result<(), SweepError> {
        let claims_since_ms = now_ms - i64::from(self.claim_days) * DAY_MS + BEFORE_CLAIMS_END_MS;
        let since_ms = |days: u32| (now_ms - i64::from(days) * DAY_MS).max(claims_since_ms);
        // An older inventory lists nothing of the window.
        let Some(inventory) = self.inventory.newest(since_ms(days)).await? else {
            log("no_inventory", json!({"days": days}));
            return Ok(());
        };
        answer.inventory = Some(inventory.manifest_key.clone());
        let mut cursor = self.cursor(&inventory, days).await?;
        if cursor.done {
            answer.documents_complete = true;
            return Ok(());
        }
        let window_ms = since_ms(cursor.days)..now_ms - SETTLED_MS;
        let mut lost = Lost {
            function: self,
            intent,
            received_ms: claims_since_ms..i64::MAX,
            ids: Vec::new(),
            kept_at: Instant::now(),
        };
        while let Some(mut file) = self.inventory.file(&inventory, at(cursor.file), cursor.row) {
            while let Some(page) = file.page().await? {
                let within = page.iter().filter(|it| window_ms.contains(&it.last_modified_ms));
                let ids: Vec<DocumentId> =
                    within.filter_map(|it| S3IngressStore::document_of_key(&it.key)).collect();
                answer.looked_at += ids.len() as u64;
                let claimed = self.ledger.claimed(&ids).await?;
                let unclaimed = ids.into_iter().zip(claimed).filter(|(_, claimed)| !claimed);
                lost.ids.extend(unclaimed.map(|(id, _)| id));
                let within = page.iter().filter(|it| window_ms.contains(&it.last_modified_ms));
                self.rename_misnamed(within.map(|it| it.key.as_str()), intent, answer).await?;
                cursor.row = file.rows();
                let stop = time.is_up();
                lost.sweep_some(&cursor, stop, answer).await?;
                if stop {
                    return Ok(());
                }
            }
            (cursor.file, cursor.row) = (cursor.file + 1, 0);
        }
        cursor.done = true;
        lost.sweep_some(&cursor, true, answer).await?;
        answer.documents_complete = true;
        Ok(())
    }

    /// Gives objects that no event announced, and that name no document, a key that does.
    async fn rename_misnamed(
        &self,
        keys: impl Iterator<Item = &str>,
        intent: Intent,
        answer: &mut SweepAnswer,
    ) -> Result<(), PortError> {
        let (keys, ids): (Vec<_>, Vec<_>) =
            keys.filter_map(|key| Some((key, S3IngressStore::misnamed(key)?))).unzip();
        for (key, claimed) in keys.into_iter().zip(self.ledger.claimed(&ids).await?) {
            if claimed {
                continue;
            }
            if acts(intent) && self.ingress.rename(key).await?.is_none() {
                answer.gone += 1;
                continue;
            }
            answer.renamed += 1;
        }
        Ok(())
    }

    /// Where to go on: at the beginning of an inventory that is new, or was swept less far back.
    async fn cursor(&self, inventory: &Inventory, days: u32) -> Result<SweepCursor, PortError> {
        let manifest = inventory.manifest_key.clone();
        let kept = self.ledger.sweep_cursor().await?;
        let known = kept.filter(|kept| kept.manifest == manifest && kept.days >= days);
        Ok(known.unwrap_or(SweepCursor { manifest, days, file: 0, row: 0, done: false }))
    }
}

impl Lost<'_> {
    /// Sends what was found if it makes a batch, or if it must, and then keeps how far the sweep is:
    /// only what is sent is passed over next time.
    async fn sweep_some(
        &mut self,
        cursor: &SweepCursor,
        must: bool,
        answer: &mut SweepAnswer,
    ) -> Result<(), PortError> {
        let RedriveFunction { ingress, ledger, queue, limits, .. } = self.function;
        if must || self.ids.len() >= limits.documents_max {
            let ids = std::mem::take(&mut self.ids);
            let mut heads = Vec::new();
            for found in ingress.owed(&ids).await {
                match found? {
                    Some(head) => heads.push(head),
                    None => answer.gone += 1,
                }
            }
            answer.unclaimed += ids.len() as u64;
            let old = heads.iter().filter(|head| !self.received_ms.contains(&head.received_at_ms));
            answer.too_old += old.count() as u64;
            heads.sort_by(|a, b| (a.received_at_ms, &a.id).cmp(&(b.received_at_ms, &b.id)));
            let (received_ms, intent) = (self.received_ms.clone(), self.intent);
            let batches =
                sweep_documents(ledger, queue, &heads, received_ms, limits, intent).await?;
            for batch in &batches {
                answer.swept += batch.documents.len() as u64;
                answer.batches.add(batch.id.as_str());
            }
        }
        let due = must || self.kept_at.elapsed() >= KEEP_EVERY;
        if acts(self.intent) && self.ids.is_empty() && due {
            ledger.keep_sweep_cursor(cursor).await?;
            self.kept_at = Instant::now();
        }
        Ok(())
    }
}

/// A file's number; one that is no index is past the last file.
fn at(file: u64) -> usize {
    usize::try_from(file).unwrap_or(usize::MAX)
}

/// Milliseconds since 1970 UTC.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

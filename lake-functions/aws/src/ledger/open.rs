//! The batches that are not committed.

use super::batches::{BATCH, CREATED_AT_MS, OPEN, STATE_OPEN, table_of};
use super::fault::{Damage, Fault};
use super::item::{BATCH_PREFIX, Item, Key, PARTITION_KEY, number, number_of, text, text_of};
use super::limits::{LOOKUPS_AT_ONCE, OPEN_BATCHES_PAGE};
use super::{DynamoLedger, OPEN_BATCHES_INDEX};
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_normalizer::BatchId;
use sluice_pipeline::{OpenBatch, OpenBatches, OpenPage, PortError};

impl OpenBatches for DynamoLedger {
    /// Oldest first.
    async fn open_batches(
        &self,
        made_before_ms: i64,
        from: Option<&str>,
    ) -> Result<OpenPage, PortError> {
        let page = self.open_page(made_before_ms, from).await;
        page.map_err(|fault| self.failed(fault, "list open batches"))
    }
}

impl DynamoLedger {
    async fn open_page(&self, before_ms: i64, from: Option<&str>) -> Result<OpenPage, Fault> {
        // Indexes have no consistent reads: a batch made or committed a moment ago may be wrong in
        // it. The former is not asked for, the latter is looked at again.
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(OPEN_BATCHES_INDEX)
            .limit(OPEN_BATCHES_PAGE)
            .key_condition_expression("#open = :yes AND created_at_ms < :before")
            .expression_attribute_names("#open", OPEN)
            .expression_attribute_values(":yes", text("yes"))
            .expression_attribute_values(":before", number(before_ms))
            .set_exclusive_start_key(from.map(start).transpose()?);
        let answer = query.send().await?;
        let mut ids = Vec::new();
        for item in answer.items() {
            ids.push(id_of(item)?.to_owned());
        }
        let next = answer.last_evaluated_key().map(next).transpose()?;
        let open = stream::iter(ids).map(|id| self.if_open(id)).buffered(LOOKUPS_AT_ONCE);
        let open: Vec<_> = open.try_collect().await?;
        Ok(OpenPage { batches: open.into_iter().flatten().collect(), next })
    }

    /// Without its members: a batch whose members are damaged does not hide the others.
    async fn if_open(&self, id: String) -> Result<Option<OpenBatch>, Fault> {
        let Some(item) = self.read(Key::of_batch(&id, BATCH)).await? else { return Ok(None) };
        if text_of(&item, "state")? != STATE_OPEN {
            return Ok(None);
        }
        let (table, generation) = (table_of(&item)?, number_of(&item, "generation")?);
        let id = BatchId::from_stored(&id).map_err(|_| Damage::Attribute { attribute: "pk" })?;
        Ok(Some(OpenBatch { table, generation, id }))
    }
}

fn id_of(item: &Item) -> Result<&str, Damage> {
    let id = text_of(item, PARTITION_KEY)?.strip_prefix(BATCH_PREFIX);
    id.ok_or(Damage::Attribute { attribute: PARTITION_KEY })
}

/// The key of a page's last item as text: `<created_at_ms>.<batch id>`.
fn next(key: &Item) -> Result<String, Damage> {
    Ok(format!("{}.{}", number_of::<i64>(key, CREATED_AT_MS)?, id_of(key)?))
}

/// The key that [`next`] made a text of.
fn start(from: &str) -> Result<Item, Damage> {
    let damage = || Damage::Attribute { attribute: "from" };
    let (created_at_ms, id) = from.split_once('.').ok_or_else(damage)?;
    let created_at_ms: i64 = created_at_ms.parse().map_err(|_| damage())?;
    let mut key = Key::of_batch(id, BATCH).item();
    key.insert(OPEN.to_owned(), text("yes"));
    key.insert(CREATED_AT_MS.to_owned(), number(created_at_ms));
    Ok(key)
}

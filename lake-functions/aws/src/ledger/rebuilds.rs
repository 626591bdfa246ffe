//! Rebuilds: how far each is, the batches there are to replay, and those that are waited for.

use super::batches::{BATCH, CREATED_AT_MS, state_of};
use super::fault::{Damage, Fault};
use super::item::{
    BATCH_PREFIX, Item, Key, PARTITION_KEY, SORT_KEY, number, number_of, text, text_of,
};
use super::limits::{BATCH_OUTLIVES_CLAIMS_DAYS, LISTED_BATCHES_MAX, LISTED_LOOKUPS_AT_ONCE};
use super::{BATCHES_OF_TABLE_INDEX, DynamoLedger};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_normalizer::{BatchId, TableName};
use sluice_pipeline::{
    BatchState, ListedBatch, ListedPage, Note, PortError, REBUILD_FORMAT, Rebuild, Rebuilds,
    Replayed,
};
use std::collections::HashMap;

/// The attribute that holds the rebuild, JSON.
const REBUILD: &str = "rebuild";
const REVISION: &str = "revision";
/// Of a batch: what was kept of its replay, a map.
const REPLAYED: &str = "replayed";
const TO: &str = "to";
const DOCUMENTS: &str = "documents";
const REMOVED: &str = "removed";

impl DynamoLedger {
    async fn find_rebuild(&self, table: &TableName) -> Result<Option<Rebuild>, Fault> {
        let Some(item) = self.read(Key::rebuild(table)).await? else { return Ok(None) };
        #[derive(serde::Deserialize)]
        struct Head {
            format: u32,
        }
        let json = text_of(&item, REBUILD)?;
        let damage = || Damage::Attribute { attribute: REBUILD };
        let Head { format } = serde_json::from_str(json).map_err(|_| damage())?;
        if format > REBUILD_FORMAT {
            return Err(Damage::RebuildFormat { found: format }.into());
        }
        Ok(Some(serde_json::from_str(json).map_err(|_| damage())?))
    }

    async fn put_rebuild(&self, table: &TableName, rebuild: &Rebuild) -> Result<bool, Fault> {
        let json = serde_json::to_string(rebuild).expect("a rebuild has only string keys");
        let mut item = Key::rebuild(table).item();
        item.insert(REBUILD.to_owned(), text(json));
        item.insert(REVISION.to_owned(), number(rebuild.revision));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match rebuild.revision {
            ..=1 => put.condition_expression("attribute_not_exists(pk)"),
            revision => put
                .condition_expression("revision = :before")
                .expression_attribute_values(":before", number(revision - 1)),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(error.into()),
            },
        }
    }

    async fn list_batches(
        &self,
        table: &TableName,
        generation: u32,
        from: Option<&str>,
    ) -> Result<ListedPage, Fault> {
        let start = from.map(|from| start_key(table, from)).transpose()?;
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BATCHES_OF_TABLE_INDEX)
            .key_condition_expression("#table = :table")
            .expression_attribute_names("#table", super::batches::TABLE)
            .expression_attribute_values(":table", text(table.as_str()))
            .limit(LISTED_BATCHES_MAX)
            .set_exclusive_start_key(start)
            .send()
            .await?;
        let ids =
            found.items.unwrap_or_default().iter().map(id_of).collect::<Result<Vec<_>, _>>()?;
        let listed = stream::iter(ids)
            .map(|id| self.look_at(id, generation))
            .buffered(LISTED_LOOKUPS_AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let next = match found.last_evaluated_key {
            Some(key) if !key.is_empty() => Some(place_of(&key)?),
            _ => None,
        };
        Ok(ListedPage { batches: listed.into_iter().flatten().collect(), next })
    }

    /// The batch, if it is of the generation. The index holds keys only: what is not of interest is
    /// not read whole.
    async fn look_at(&self, id: String, generation: u32) -> Result<Option<ListedBatch>, Fault> {
        let Some(item) = self.read_some(&id, "generation, replayed").await? else {
            // It expired a moment ago.
            return Ok(None);
        };
        if number_of::<u32>(&item, "generation")? != generation {
            return Ok(None);
        }
        let replayed = match item.get(REPLAYED) {
            Some(AttributeValue::M(map)) => Some(Replayed {
                to: number_of(map, TO)?,
                documents: number_of(map, DOCUMENTS)?,
                removed: number_of(map, REMOVED)?,
            }),
            _ => None,
        };
        let id = BatchId::from_stored(&id).map_err(|_| Damage::Attribute { attribute: "pk" })?;
        Ok(Some(ListedBatch { id, replayed }))
    }

    /// Some attributes of a batch, read consistently.
    async fn read_some(&self, batch: &str, attributes: &str) -> Result<Option<Item>, Fault> {
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(Key::of_batch(batch, BATCH).item()))
            .projection_expression(attributes)
            .consistent_read(true);
        Ok(get.send().await?.item)
    }

    async fn mark_replayed(&self, id: &BatchId, replayed: &Replayed) -> Result<(), Fault> {
        let value = HashMap::from([
            (TO.to_owned(), number(replayed.to)),
            (DOCUMENTS.to_owned(), number(replayed.documents)),
            (REMOVED.to_owned(), number(replayed.removed)),
        ]);
        let mark = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::of_batch(id.as_str(), BATCH).item()))
            .update_expression("SET replayed = :replayed")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":replayed", AttributeValue::M(value));
        match mark.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                // Expired a moment ago: no pass lists it again.
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(error.into()),
            },
        }
    }

    async fn put_awaited(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
        note: Note,
    ) -> Result<(), Fault> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::awaited(table, generation, id.as_str()).item()))
            .expression_attribute_values(":at", self.expires_at(BATCH_OUTLIVES_CLAIMS_DAYS));
        // What says more stays: an update leaves other attributes alone.
        let update = match note {
            Note::Intended => update.update_expression("SET expires_at = :at"),
            Note::Made => update
                .update_expression("SET expires_at = :at, made = :yes")
                .expression_attribute_values(":yes", AttributeValue::Bool(true)),
        };
        update.send().await?;
        Ok(())
    }

    async fn list_awaited(
        &self,
        table: &TableName,
        generation: u32,
    ) -> Result<Vec<BatchId>, Fault> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(Key::awaited(table, generation, "").partition))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut awaited = Vec::new();
        while let Some(item) = items.next().await.transpose()? {
            let id = BatchId::from_stored(text_of(&item, SORT_KEY)?);
            awaited.push(id.map_err(|_| Damage::Attribute { attribute: SORT_KEY })?);
        }
        Ok(awaited)
    }

    async fn remove_awaited(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
        note: Note,
    ) -> Result<bool, Fault> {
        let key = Key::awaited(table, generation, id.as_str()).item();
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
        let delete = match note {
            Note::Intended => delete.condition_expression("attribute_not_exists(made)"),
            Note::Made => delete,
        };
        match delete.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(error.into()),
            },
        }
    }

    async fn find_state(&self, id: &BatchId) -> Result<Option<BatchState>, Fault> {
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(Key::of_batch(id.as_str(), BATCH).item()))
            .projection_expression("#state")
            .expression_attribute_names("#state", "state")
            .consistent_read(true);
        let item = get.send().await?.item;
        Ok(item.map(|item| state_of(&item)).transpose()?)
    }
}

impl Rebuilds for DynamoLedger {
    async fn rebuild(&self, table: &TableName) -> Result<Option<Rebuild>, PortError> {
        let found = self.find_rebuild(table).await;
        found.map_err(|fault| self.failed(fault, &format!("read the rebuild of {table}")))
    }

    async fn keep_rebuild(&self, table: &TableName, rebuild: &Rebuild) -> Result<bool, PortError> {
        let kept = self.put_rebuild(table, rebuild).await;
        kept.map_err(|fault| self.failed(fault, &format!("keep the rebuild of {table}")))
    }

    async fn change_generation(
        &self,
        table: &TableName,
        from: u32,
        to: u32,
    ) -> Result<bool, PortError> {
        let changed = self.set_generation(table, from, to).await;
        changed.map_err(|fault| self.failed(fault, &format!("make {to} the generation of {table}")))
    }

    /// Keys from the index, then each batch itself: of other generations only that much.
    async fn batches_of(
        &self,
        table: &TableName,
        generation: u32,
        from: Option<&str>,
    ) -> Result<ListedPage, PortError> {
        let listed = self.list_batches(table, generation, from).await;
        listed.map_err(|fault| self.failed(fault, &format!("list the batches of {table}")))
    }

    async fn keep_replayed(&self, id: &BatchId, replayed: &Replayed) -> Result<(), PortError> {
        let kept = self.mark_replayed(id, replayed).await;
        kept.map_err(|fault| self.failed(fault, &format!("mark batch {id} replayed")))
    }

    async fn await_batch(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
        note: Note,
    ) -> Result<(), PortError> {
        let noted = self.put_awaited(table, generation, id, note).await;
        noted.map_err(|fault| self.failed(fault, &format!("note batch {id} of a rebuild")))
    }

    async fn awaited(&self, table: &TableName, generation: u32) -> Result<Vec<BatchId>, PortError> {
        let found = self.list_awaited(table, generation).await;
        found.map_err(|fault| self.failed(fault, &format!("list what a rebuild of {table} awaits")))
    }

    async fn forget_awaited(
        &self,
        table: &TableName,
        generation: u32,
        id: &BatchId,
        note: Note,
    ) -> Result<bool, PortError> {
        let forgotten = self.remove_awaited(table, generation, id, note).await;
        forgotten.map_err(|fault| self.failed(fault, &format!("forget batch {id} of a rebuild")))
    }

    async fn batch_state(&self, id: &BatchId) -> Result<Option<BatchState>, PortError> {
        let found = self.find_state(id).await;
        found.map_err(|fault| self.failed(fault, &format!("look how far batch {id} is")))
    }
}

/// The batch that an index entry is of.
fn id_of(item: &Item) -> Result<String, Damage> {
    let id = text_of(item, PARTITION_KEY)?.strip_prefix(BATCH_PREFIX);
    Ok(id.ok_or(Damage::Attribute { attribute: PARTITION_KEY })?.to_owned())
}

/// A place in the index as text: time and batch.
fn place_of(key: &Item) -> Result<String, Damage> {
    Ok(format!("{} {}", number_of::<i64>(key, CREATED_AT_MS)?, id_of(key)?))
}

fn start_key(table: &TableName, place: &str) -> Result<Item, Damage> {
    let damage = || Damage::Attribute { attribute: CREATED_AT_MS };
    let (created_at_ms, id) = place.split_once(' ').ok_or_else(damage)?;
    let created_at_ms: i64 = created_at_ms.parse().map_err(|_| damage())?;
    let mut key = Key::of_batch(id, BATCH).item();
    key.insert(super::batches::TABLE.to_owned(), text(table.as_str()));
    key.insert(CREATED_AT_MS.to_owned(), number(created_at_ms));
    Ok(key)
}

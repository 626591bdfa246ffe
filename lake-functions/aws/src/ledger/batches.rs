//! Batches: members, state, and what belongs to them.

use super::DynamoLedger;
use super::fault::{Damage, Fault};
use super::item::{Item, Key, number, number_of, text, text_of};
use super::limits::BATCH_OUTLIVES_CLAIMS_DAYS;
use crate::time::{now_ms, rfc3339};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use sluice_normalizer::{DocumentId, TableName};
use sluice_pipeline::{Batch, BatchRecord, BatchState, Created, PlannedPart};

/// The sort key of a batch's own item.
pub(super) const BATCH: &str = "batch";
const MEMBERS: &str = "members";
const PARTS: &str = "parts";
/// The index's partition key: there while the batch is open, so that the index holds no other.
pub(super) const OPEN: &str = "open";
/// The index's sort key.
pub(super) const CREATED_AT_MS: &str = "created_at_ms";
/// The partition key of the index of all batches. Documents have it too, and no `created_at_ms`.
pub(super) const TABLE: &str = "table";
pub(super) const STATE_OPEN: &str = "open";
const STATE_COMMITTED: &str = "committed";

impl DynamoLedger {
    pub(super) async fn keep_batch(&self, batch: &Batch) -> Result<Created, Fault> {
        let (now, expires_at) = (now_ms(), self.expires_at(BATCH_OUTLIVES_CLAIMS_DAYS));
        let ids: Vec<&str> = batch.documents.iter().map(DocumentId::as_str).collect();
        let id = batch.id.as_str();
        let members = self.keep_large(id, MEMBERS, &ids.join("\n"), &expires_at).await?;
        let mut item = Key::of_batch(id, BATCH).item();
        item.extend([
            ("id".to_owned(), text(id)),
            (TABLE.to_owned(), text(batch.table.as_str())),
            ("generation".to_owned(), number(batch.generation)),
            ("state".to_owned(), text(STATE_OPEN)),
            ("documents".to_owned(), number(ids.len())),
            (MEMBERS.to_owned(), members),
            (OPEN.to_owned(), text("yes")),
            (CREATED_AT_MS.to_owned(), number(now)),
            ("expires_at".to_owned(), expires_at),
        ]);
        self.create(item).await
    }

    /// Puts an item unless there is one with its key.
    pub(super) async fn create(&self, item: Item) -> Result<Created, Fault> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => Ok(Created::New),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(Created::Exists),
                _ => Err(error.into()),
            },
        }
    }

    /// Consistent: the message that names a batch can be quicker than a replica of the table.
    pub(super) async fn find_batch(&self, id: &str) -> Result<Option<BatchRecord>, Fault> {
        let Some(item) = self.read(Key::of_batch(id, BATCH)).await? else {
            return Ok(None);
        };
        let table = table_of(&item)?;
        let generation = number_of(&item, "generation")?;
        let members = self.read_large(id, MEMBERS, &item).await?;
        let documents: Result<Vec<_>, _> = members.lines().map(DocumentId::parse).collect();
        let documents = documents.map_err(|_| Damage::Attribute { attribute: MEMBERS })?;
        let batch = Batch::new(table, generation, documents);
        if batch.id.as_str() != id {
            return Err(Damage::OtherMembers { batch: id.to_owned() }.into());
        }
        let state = state_of(&item)?;
        Ok(Some(BatchRecord { batch, state }))
    }

    pub(super) async fn end_batch(&self, id: &str, parts: &[PlannedPart]) -> Result<(), Fault> {
        let json = serde_json::to_string(parts).expect("parts have only string keys");
        let expires_at = self.expires_at(BATCH_OUTLIVES_CLAIMS_DAYS);
        let parts = self.keep_large(id, PARTS, &json, &expires_at).await?;
        let commit = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::of_batch(id, BATCH).item()))
            .update_expression(
                "SET #state = :committed, committed_at = :now, parts = :parts REMOVE #open",
            )
            .condition_expression("#state = :open")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#open", OPEN)
            .expression_attribute_values(":committed", text(STATE_COMMITTED))
            .expression_attribute_values(":open", text(STATE_OPEN))
            .expression_attribute_values(":now", text(rfc3339(now_ms())))
            .expression_attribute_values(":parts", parts);
        let Err(error) = commit.send().await else {
            return Ok(());
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => {}
            _ => return Err(error.into()),
        }
        match self.read(Key::of_batch(id, BATCH)).await? {
            Some(item) if text_of(&item, "state")? == STATE_COMMITTED => Ok(()),
            Some(_) => Err(Damage::Attribute { attribute: "state" }.into()),
            None => Err(Damage::UnknownBatch { batch: id.to_owned() }.into()),
        }
    }

    /// Reads an item, consistently.
    pub(super) async fn read(&self, key: Key) -> Result<Option<Item>, Fault> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key.item()));
        Ok(get.consistent_read(true).send().await?.item)
    }

    /// When an item written now expires: the claims' lifetime and `days_more`, seconds since 1970.
    pub(super) fn expires_at(&self, days_more: u32) -> AttributeValue {
        let days = i64::from(self.lifetime_days) + i64::from(days_more);
        number(now_ms() / 1_000 + days * 86_400)
    }
}

pub(super) fn state_of(item: &Item) -> Result<BatchState, Damage> {
    match text_of(item, "state")? {
        STATE_OPEN => Ok(BatchState::Open),
        STATE_COMMITTED => Ok(BatchState::Committed),
        _ => Err(Damage::Attribute { attribute: "state" }),
    }
}

pub(super) fn table_of(item: &Item) -> Result<TableName, Damage> {
    let damage = Damage::Attribute { attribute: "table" };
    TableName::from_stored(text_of(item, "table")?).map_err(|_| damage)
}

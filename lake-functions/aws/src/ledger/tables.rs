//! Tables: which are the platform's, and in which generation each is. These items never expire.

use super::DynamoLedger;
use super::fault::Fault;
use super::item::{Item, Key, number, number_of};
use super::limits::ADMIT_TRIES_MAX;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use sluice_normalizer::TableName;
use std::time::Duration;

const ADMITTED: &str = "admitted";
const GENERATION: &str = "generation";

/// What a try to admit a table came to.
enum Try {
    Decided(bool),
    /// Another table was admitted at the same moment; nothing is known.
    Conflict,
}

impl DynamoLedger {
    pub(super) async fn admit_within(
        &self,
        table: &TableName,
        tables_max: u32,
    ) -> Result<bool, Fault> {
        for attempt in 0..ADMIT_TRIES_MAX {
            // Consistent, since it decides what a lost race means, and cheap: once a process.
            let known = self.read(Key::table(table)).await?;
            if known.is_some_and(|item| is_admitted(&item)) {
                return Ok(true);
            }
            // A transaction costs four writes; anybody who may post can name new tables.
            let count = match self.read(Key::table_count()).await? {
                Some(item) => number_of::<u32>(&item, ADMITTED)?,
                None => 0,
            };
            if count >= tables_max {
                return Ok(false);
            }
            match self.try_to_admit(table, tables_max).await? {
                Try::Decided(admitted) => return Ok(admitted),
                Try::Conflict => tokio::time::sleep(pause(attempt)).await,
            }
        }
        Err(Fault::Contended)
    }

    /// The table and the count of all tables change together, so the bound holds however many try.
    async fn try_to_admit(&self, table: &TableName, tables_max: u32) -> Result<Try, Fault> {
        let become_one = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::table(table).item()))
            .update_expression("SET admitted = :yes")
            .condition_expression("attribute_not_exists(admitted)")
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        let count = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::table_count().item()))
            .update_expression("ADD admitted :one")
            .condition_expression("attribute_not_exists(admitted) OR admitted < :max")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":max", number(tables_max));
        let (become_one, count) =
            (become_one.build().expect("all is set"), count.build().expect("all is set"));
        let both = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(become_one).build())
            .transact_items(TransactWriteItem::builder().update(count).build());
        let Err(error) = both.send().await else {
            return Ok(Try::Decided(true));
        };
        let codes: Vec<&str> = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                let reasons = canceled.cancellation_reasons().iter();
                reasons.map(|reason| reason.code().unwrap_or_default()).collect()
            }
            _ => return Err(error.into()),
        };
        const FAILED: &str = "ConditionalCheckFailed";
        match codes.as_slice() {
            [FAILED, _] => Ok(Try::Decided(true)),
            ["None", FAILED] => Ok(Try::Decided(false)),
            codes if codes.iter().all(|code| *code != "ValidationError") => Ok(Try::Conflict),
            _ => Err(error.into()),
        }
    }

    /// Consistent and never remembered: a batch made in a generation that was left would be open
    /// while its documents are in the next one already.
    pub(super) async fn current_generation(&self, table: &TableName) -> Result<u32, Fault> {
        match self.read(Key::table(table)).await? {
            Some(item) if item.contains_key(GENERATION) => Ok(number_of(&item, GENERATION)?),
            _ => Ok(1),
        }
    }

    pub(super) async fn set_generation(
        &self,
        table: &TableName,
        from: u32,
        to: u32,
    ) -> Result<bool, Fault> {
        let condition = match from {
            1 => "attribute_not_exists(generation) OR generation = :from",
            _ => "generation = :from",
        };
        let change = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::table(table).item()))
            .update_expression("SET generation = :to")
            .condition_expression(condition)
            .expression_attribute_values(":from", number(from))
            .expression_attribute_values(":to", number(to));
        let Err(error) = change.send().await else {
            return Ok(true);
        };
        match error.as_service_error() {
            // Its own change whose answer was lost counts.
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => {
                Ok(self.current_generation(table).await? == to)
            }
            _ => Err(error.into()),
        }
    }
}

fn is_admitted(item: &Item) -> bool {
    matches!(item.get(ADMITTED), Some(AttributeValue::Bool(true)))
}

/// Grows with the tries: 10 ms to 5 s.
fn pause(attempt: u32) -> Duration {
    Duration::from_millis(10 << attempt.min(9))
}

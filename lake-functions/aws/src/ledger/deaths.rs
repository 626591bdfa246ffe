//! Of which dead letters somebody was told: a number in the batch's item.

use super::DynamoLedger;
use super::batches::BATCH;
use super::fault::Fault;
use super::item::{Key, number, number_of};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use sluice_normalizer::BatchId;
use sluice_pipeline::PortError;

const DEATH_TOLD: &str = "death_told";

impl DynamoLedger {
    /// After how many sends of a batch its death was told last, 0 when it never was.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn death_told(&self, id: &BatchId) -> Result<u32, PortError> {
        let told = self.find_death_told(id).await;
        told.map_err(|fault| self.failed(fault, &format!("read the deaths of batch {id}")))
    }

    /// Remembers that a batch's death after so many sends was told. A number never goes back; a
    /// batch that is not known stays so.
    ///
    /// # Errors
    /// [`PortError`].
    pub async fn keep_death_told(&self, id: &BatchId, sends: u32) -> Result<(), PortError> {
        let kept = self.put_death_told(id, sends).await;
        kept.map_err(|fault| self.failed(fault, &format!("keep the death of batch {id}")))
    }

    async fn find_death_told(&self, id: &BatchId) -> Result<u32, Fault> {
        match self.read(Key::of_batch(id.as_str(), BATCH)).await? {
            Some(item) if item.contains_key(DEATH_TOLD) => Ok(number_of(&item, DEATH_TOLD)?),
            _ => Ok(0),
        }
    }

    async fn put_death_told(&self, id: &BatchId, sends: u32) -> Result<(), Fault> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::of_batch(id.as_str(), BATCH).item()))
            .update_expression("SET death_told = :sends")
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(death_told) OR death_told < :sends)",
            )
            .expression_attribute_values(":sends", number(sends));
        let Err(error) = update.send().await else { return Ok(()) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            _ => Err(error.into()),
        }
    }
}

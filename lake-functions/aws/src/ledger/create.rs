//! Makes the ledger's table, for tests: deployed, it is a template's.

use super::batches::{CREATED_AT_MS, OPEN, TABLE};
use super::item::{PARTITION_KEY, SORT_KEY};
use super::{BATCHES_OF_TABLE_INDEX, DynamoLedger, OPEN_BATCHES_INDEX};
use crate::failure::CallFailed;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};
use sluice_pipeline::PortError;
use std::time::Duration;

/// How long a new table may take.
const ACTIVE_WITHIN: Duration = Duration::from_secs(120);

impl DynamoLedger {
    /// Makes the table as the ledger needs it:
    ///
    /// - keys `pk` and `sk`, both strings; on demand;
    /// - a global secondary index `open_batches` of `open` (string) and `created_at_ms` (number),
    ///   keys only: it holds the batches that are not committed;
    /// - a global secondary index `batches_of_table` of `table` (string) and `created_at_ms` (number),
    ///   keys only: it holds all batches;
    /// - time to live by `expires_at`, seconds since 1970.
    ///
    /// # Errors
    /// [`PortError`]; a table of that name is one.
    pub async fn create_table(&self) -> Result<(), PortError> {
        let what = || format!("create table {}", self.table);
        let key = |name: &str, kind| {
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
            key.build().expect("all is set")
        };
        let attribute = |name: &str, kind| {
            let attribute = AttributeDefinition::builder().attribute_name(name);
            attribute.attribute_type(kind).build().expect("all is set")
        };
        let open_batches = GlobalSecondaryIndex::builder()
            .index_name(OPEN_BATCHES_INDEX)
            .key_schema(key(OPEN, KeyType::Hash))
            .key_schema(key(CREATED_AT_MS, KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()
            .expect("all is set");
        let batches_of_table = GlobalSecondaryIndex::builder()
            .index_name(BATCHES_OF_TABLE_INDEX)
            .key_schema(key(TABLE, KeyType::Hash))
            .key_schema(key(CREATED_AT_MS, KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()
            .expect("all is set");
        self.client
            .create_table()
            .table_name(&self.table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute(PARTITION_KEY, ScalarAttributeType::S))
            .attribute_definitions(attribute(SORT_KEY, ScalarAttributeType::S))
            .attribute_definitions(attribute(OPEN, ScalarAttributeType::S))
            .attribute_definitions(attribute(TABLE, ScalarAttributeType::S))
            .attribute_definitions(attribute(CREATED_AT_MS, ScalarAttributeType::N))
            .key_schema(key(PARTITION_KEY, KeyType::Hash))
            .key_schema(key(SORT_KEY, KeyType::Range))
            .global_secondary_indexes(open_batches)
            .global_secondary_indexes(batches_of_table)
            .send()
            .await
            .map_err(|error| CallFailed::of(&error).at(what()))?;
        self.client
            .wait_until_table_exists()
            .table_name(&self.table)
            .wait(ACTIVE_WITHIN)
            .await
            .map_err(|_| CallFailed::told("the table does not become active").at(what()))?;
        let expiry = TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(true);
        self.client
            .update_time_to_live()
            .table_name(&self.table)
            .time_to_live_specification(expiry.build().expect("all is set"))
            .send()
            .await
            .map_err(|error| CallFailed::of(&error).at(what()))?;
        Ok(())
    }
}

//! Items: their keys, and their attributes read back.

use super::fault::Damage;
use aws_sdk_dynamodb::types::AttributeValue;
use sluice_normalizer::{DocumentId, TableName};
use std::collections::HashMap;

/// An item as DynamoDB gives it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The partition key of every item.
pub(super) const PARTITION_KEY: &str = "pk";
/// The sort key of every item.
pub(super) const SORT_KEY: &str = "sk";

/// Where an item is.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) partition: String,
    pub(super) sort: String,
}

impl Key {
    /// A document in a generation of its table. The digits let a query by `<table>#` answer the
    /// first generation first.
    pub(super) fn document(table: &str, generation: u32, id: &DocumentId) -> Self {
        Key { partition: document_partition(id), sort: format!("{table}#g{generation:010}") }
    }

    /// What the ledger keeps of a batch under `name`.
    pub(super) fn of_batch(batch: &str, name: &str) -> Self {
        Key { partition: format!("{BATCH_PREFIX}{batch}"), sort: name.to_owned() }
    }

    pub(super) fn table(table: &TableName) -> Self {
        Key { partition: format!("table#{table}"), sort: "table".to_owned() }
    }

    pub(super) fn rebuild(table: &TableName) -> Self {
        Key { partition: format!("table#{table}"), sort: "rebuild".to_owned() }
    }

    /// A batch that the rebuild into a generation waits for.
    pub(super) fn awaited(table: &TableName, generation: u32, batch: &str) -> Self {
        let partition = format!("awaited#{table}#g{generation}");
        Key { partition, sort: batch.to_owned() }
    }

    /// How many tables are admitted.
    pub(super) fn table_count() -> Self {
        Key { partition: "tables".to_owned(), sort: "count".to_owned() }
    }

    /// How far the sweep is.
    pub(super) fn sweep_cursor() -> Self {
        Key { partition: "sweep".to_owned(), sort: "cursor".to_owned() }
    }

    /// The key's attributes.
    pub(super) fn item(self) -> Item {
        HashMap::from([
            (PARTITION_KEY.to_owned(), AttributeValue::S(self.partition)),
            (SORT_KEY.to_owned(), AttributeValue::S(self.sort)),
        ])
    }
}

/// Before a batch's id in its partition key.
pub(super) const BATCH_PREFIX: &str = "batch#";

/// The partition key of a document's claims, in all tables and generations.
pub(super) fn document_partition(id: &DocumentId) -> String {
    format!("document#{id}")
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn text_of<'i>(item: &'i Item, attribute: &'static str) -> Result<&'i str, Damage> {
    match item.get(attribute) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(Damage::Attribute { attribute }),
    }
}

pub(super) fn number_of<N: std::str::FromStr>(
    item: &Item,
    attribute: &'static str,
) -> Result<N, Damage> {
    match item.get(attribute) {
        Some(AttributeValue::N(digits)) => {
            digits.parse().map_err(|_| Damage::Attribute { attribute })
        }
        _ => Err(Damage::Attribute { attribute }),
    }
}

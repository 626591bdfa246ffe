//! The ledger on DynamoDB.

mod claims;
mod conformance;
mod document_item;
mod failures;
mod hard_answers;
mod large;
mod open;
mod tables;

use crate::harness::{Emulator, unique};
use sluice_aws::DynamoLedger;
use sluice_normalizer::{DocumentId, Report, TableName};
use sluice_pipeline::{Batch, ContentHash, PLAN_FORMAT, Plan};

const LIFETIME_DAYS: u32 = 400;

/// A ledger with a table of its own, and the table's name.
async fn ledger(emulator: Emulator) -> (DynamoLedger, String) {
    let name = unique("ledger");
    let client = emulator.aws().await.dynamodb();
    let ledger = DynamoLedger::new(client, name.clone(), LIFETIME_DAYS);
    ledger.create_table().await.expect("create table");
    (ledger, name)
}

fn table(name: &str) -> TableName {
    TableName::parse(name).expect("a table name")
}

fn id(text: &str) -> DocumentId {
    DocumentId::parse(text).expect("a document id")
}

fn batch(ids: &[String]) -> Batch {
    Batch::new(table("orders"), 1, ids.iter().map(|text| id(text)).collect())
}

fn plan(batch: &Batch) -> Plan {
    Plan {
        format: PLAN_FORMAT,
        build: "0".to_owned(),
        batch: batch.id.to_string(),
        table: batch.table.to_string(),
        generation: batch.generation,
        base_version: 0,
        version: 1,
        settings: ContentHash::sha256(b""),
        documents: batch.documents.iter().map(ToString::to_string).collect(),
        isolated: Vec::new(),
        admitted: true,
        parts: Vec::new(),
        report: Report::default(),
    }
}

/// Ids like those of Sluice, one for each number.
fn uuid(number: u64) -> String {
    let hash = ContentHash::sha256(&number.to_be_bytes()).to_string();
    format!(
        "{}-{}-4{}-8{}-{}",
        &hash[..8],
        &hash[8..12],
        &hash[12..15],
        &hash[15..18],
        &hash[18..30]
    )
}

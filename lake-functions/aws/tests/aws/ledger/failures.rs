//! How the ledger fails.

use super::{batch, id, ledger, plan, table, uuid};
use crate::harness::{Emulator, unique};
use aws_sdk_dynamodb::types::AttributeValue;
use sluice_aws::DynamoLedger;
use sluice_normalizer::DocumentOutcome;
use sluice_pipeline::{Ledger, PortError};
use std::error::Error;

fn causes(error: &dyn Error) -> String {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[tokio::test]
async fn a_missing_table_is_named_and_may_come() {
    let name = unique("nowhere");
    let ledger = DynamoLedger::new(Emulator::Moto.aws().await.dynamodb(), name.clone(), 1);
    let error = ledger.generation(&table("orders")).await.expect_err("no table");
    assert!(matches!(error, PortError::Unavailable { .. }), "{error:?}");
    let expected = format!(
        "read the generation of orders (ledger table {name}): not available: \
         ResourceNotFoundException"
    );
    assert_eq!(causes(&error), expected);
}

#[tokio::test]
async fn what_cannot_be_is_damage() {
    let (ledger, name) = ledger(Emulator::Moto).await;
    let known = batch(&[uuid(1), uuid(2)]);
    let damaged = |error: PortError, cause: &str| {
        assert!(matches!(error, PortError::Damaged { .. }), "{error:?}");
        assert!(causes(&error).ends_with(cause), "{}", causes(&error));
    };
    let error = ledger.commit(&known.id, &[]).await.expect_err("no such batch");
    damaged(error, &format!("batch \"{}\" is not in the ledger", known.id));
    ledger.create_batch(&known).await.expect("create");
    let outcomes = [DocumentOutcome::default(), DocumentOutcome::default()];
    let error = ledger.record(&plan(&known), &outcomes[..1]).await.expect_err("one too few");
    damaged(error, "1 outcomes for 2 planned documents");
    let error = ledger.record(&plan(&known), &outcomes).await.expect_err("never claimed");
    damaged(error, "is not held by the batch");

    // Somebody wrote into the table.
    let client = Emulator::Moto.aws().await.dynamodb();
    let item = [
        ("pk", AttributeValue::S(format!("document#{}", uuid(1)))),
        ("sk", AttributeValue::S("orders#g0000000001".to_owned())),
        ("batch", AttributeValue::Bool(true)),
    ];
    let item = item.map(|(name, value)| (name.to_owned(), value)).into();
    client.put_item().table_name(name).set_item(Some(item)).send().await.expect("put");
    let error = ledger.claim(&known, &[]).await.expect_err("an item that is none");
    damaged(error, "attribute \"batch\" is missing or has no such value");
    let error = ledger.document(&table("orders"), 1, &id(&uuid(1))).await.expect_err("the same");
    damaged(error, "attribute \"batch\" is missing or has no such value");
}

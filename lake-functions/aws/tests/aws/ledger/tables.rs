//! Tables: the bound holds however many come at once.

use super::{ledger, table};
use crate::harness::Emulator;
use sluice_pipeline::{Ledger, Rebuilds};

async fn bound(emulator: Emulator) {
    let (ledger, name) = ledger(emulator).await;
    let client = emulator.aws().await.dynamodb();
    let tries: Vec<_> = (0..24)
        .map(|number| {
            // Each from a process of its own, which remembers nothing; every table twice.
            let ledger = sluice_aws::DynamoLedger::new(client.clone(), name.clone(), 1);
            let table = table(&format!("t{}", number / 2));
            tokio::spawn(async move {
                let admitted = ledger.admit(&table, 5).await.expect("admit");
                (table, admitted)
            })
        })
        .collect();
    let mut admitted = std::collections::BTreeSet::new();
    for tried in tries {
        let (table, is) = tried.await.expect("the task ends");
        if is {
            admitted.insert(table);
        }
    }
    assert_eq!(admitted.len(), 5, "{admitted:?}");
    for number in 0..12 {
        let table = table(&format!("t{number}"));
        assert_eq!(ledger.admit(&table, 5).await.expect("admit"), admitted.contains(&table));
    }
}

#[tokio::test]
async fn no_more_tables_than_allowed() {
    bound(Emulator::Ministack).await;
}

#[tokio::test]
async fn none_is_admitted_where_none_is_allowed() {
    let (ledger, _) = ledger(Emulator::Moto).await;
    assert!(!ledger.admit(&table("orders"), 0).await.expect("admit"));
    assert!(ledger.admit(&table("orders"), 1).await.expect("admit"));
    assert!(ledger.admit(&table("orders"), 0).await.expect("admit"));
}

#[tokio::test]
async fn generations_change_one_by_one() {
    let (ledger, _) = ledger(Emulator::Moto).await;
    let orders = table("orders");
    let generation = async || ledger.generation(&orders).await.expect("generation");
    assert_eq!(generation().await, 1);
    assert!(ledger.change_generation(&orders, 1, 2).await.expect("change"));
    // The answer may have been lost.
    assert!(ledger.change_generation(&orders, 1, 2).await.expect("change"));
    assert!(!ledger.change_generation(&orders, 1, 3).await.expect("change"));
    assert!(ledger.change_generation(&orders, 2, 3).await.expect("change"));
    assert_eq!(generation().await, 3);
    // A table that has a generation is not one of the platform's for that.
    assert!(!ledger.admit(&orders, 0).await.expect("admit"));
    assert!(ledger.admit(&orders, 1).await.expect("admit"));
    assert_eq!(generation().await, 3);
}

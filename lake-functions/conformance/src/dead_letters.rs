//! The contract of [`DeadLetters`].

use crate::given::batch;
use sluice_pipeline::{BatchMessage, DeadLetters};

/// The messages that the suite expects to be set aside, in this order.
#[must_use]
pub fn dead_letters_given() -> [BatchMessage; 3] {
    [("a", "1", 0), ("a", "1", 4), ("b", "1", 0)].map(|(table, document, send)| {
        let batch = batch(table, &[document]);
        BatchMessage { table: batch.table, batch: batch.id, send }
    })
}

/// Checks dead letters that hold [`dead_letters_given`] and nothing else.
///
/// # Panics
/// Where they break the port's contract.
pub async fn dead_letters(dead: &impl DeadLetters) {
    let letters = dead.list(10).await.expect("list");
    let mut found: Vec<_> = letters.iter().map(|letter| letter.message.clone()).collect();
    found.sort_by_key(|message| (message.table.clone(), message.send));
    assert_eq!(found, dead_letters_given());
    let mut receipts: Vec<_> = letters.iter().map(|letter| &letter.receipt.0).collect();
    receipts.sort();
    receipts.dedup();
    assert_eq!(receipts.len(), 3, "each has a receipt of its own");
    // Deleting is final, and harmless when repeated.
    for _ in 0..2 {
        for letter in &letters {
            dead.delete(&letter.receipt).await.expect("delete");
        }
    }
    assert_eq!(dead.list(10).await.expect("list"), []);
}

//! Redrive and sweep: what was left behind is sent again, and nothing is forgotten before its time.

use futures::executor::block_on;
use sluice_conformance::Memory;
use sluice_normalizer::{DocumentId, Encoding, Form, TableName};
use sluice_pipeline::{
    Batch, BatchMessage, DeadLetters, DispatchLimits, DocumentHead, Intent, Ledger, Rebuilds,
    Redriven, WorkQueue, redrive, sweep_batches, sweep_documents,
};

fn head(name: &str, received_at_ms: i64) -> DocumentHead {
    DocumentHead {
        id: DocumentId::parse(name).expect("an id"),
        table: TableName::parse("orders").expect("a table name"),
        received_at_ms,
        principal: None,
        form: Form::Json,
        encoding: Encoding::Identity,
        bytes: 2,
        fault: None,
    }
}

fn batch(name: &str) -> Batch {
    let DocumentHead { id, table, .. } = head(name, 0);
    Batch::new(table, 1, vec![id])
}

fn message(name: &str, send: u32) -> BatchMessage {
    let Batch { id, table, .. } = batch(name);
    BatchMessage { table, batch: id, send }
}

/// What waits in the queue, in order; it is emptied.
fn waiting(memory: &Memory) -> Vec<BatchMessage> {
    block_on(async {
        let mut found = Vec::new();
        while let Some(delivery) = memory.receive().await.expect("no fault") {
            WorkQueue::delete(memory, &delivery.receipt).await.expect("no fault");
            found.push(delivery.message);
        }
        found
    })
}

#[test]
fn a_dead_letter_goes_once_its_batch_is_committed() {
    let memory = Memory::default();
    let [a, b] = [batch("a"), batch("b")];
    block_on(memory.create_batch(&a)).expect("no fault");
    block_on(memory.create_batch(&b)).expect("no fault");
    block_on(memory.commit(&b.id, &[])).expect("no fault");
    for letter in [message("a", 0), message("a", 3), message("b", 0), message("c", 0)] {
        memory.bury(&letter);
    }
    let run = |intent| block_on(redrive(&memory, &memory, &memory, 10, intent)).expect("no fault");
    let expected = Redriven {
        sent: vec![message("a", 4)],
        deleted: vec![message("b", 0)],
        unknown: vec![message("c", 0)],
    };
    assert_eq!(run(Intent::Tell), expected);
    assert_eq!(waiting(&memory), []);
    assert_eq!(run(Intent::Act), expected);
    assert_eq!(waiting(&memory), [message("a", 4)]);
    // It stays, and is sent again, until the batch is committed.
    assert_eq!(run(Intent::Act), Redriven { deleted: Vec::new(), ..expected.clone() });
    block_on(memory.commit(&a.id, &[])).expect("no fault");
    assert_eq!(run(Intent::Act).deleted, [message("a", 0), message("a", 3)]);
    assert_eq!(block_on(memory.list(10)).expect("no fault").len(), 1, "nobody knows c");
}

#[test]
fn documents_without_a_claim_are_dispatched() {
    let memory = Memory::default();
    block_on(memory.claim(&batch("claimed"), &[])).expect("no fault");
    let heads = [
        head("too-old", 99),
        head("lost", 100),
        head("claimed", 150),
        head("lost", 100),
        head("too-young", 200),
    ];
    let limits = DispatchLimits::default();
    let run = |intent| {
        let swept = sweep_documents(&memory, &memory, &heads, 100..200, &limits, intent);
        block_on(swept).expect("no fault")
    };
    assert_eq!(run(Intent::Tell), [batch("lost")]);
    assert_eq!(waiting(&memory), []);
    assert_eq!(run(Intent::Act), [batch("lost")]);
    assert_eq!(waiting(&memory), [message("lost", 0)]);
}

#[test]
fn batches_that_never_ended_are_sent_again() {
    let memory = Memory::default();
    let mut expected = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        block_on(memory.create_batch(&batch(name))).expect("no fault");
        expected.push(message(name, 1));
    }
    block_on(memory.commit(&batch("e").id, &[])).expect("no fault");
    expected.pop();
    expected.sort_by_key(|message| message.batch.clone());
    let run =
        |before_ms, intent| block_on(sweep_batches(&memory, &memory, &memory, before_ms, intent));
    assert_eq!(run(0, Intent::Act).expect("no fault"), []);
    assert_eq!(run(1, Intent::Tell).expect("no fault"), expected);
    assert_eq!(waiting(&memory), []);
    assert_eq!(run(1, Intent::Act).expect("no fault"), expected);
    assert_eq!(waiting(&memory), expected);
}

/// A live batch waits; behind it, and beside it, is what was sent again.
#[test]
fn what_a_rebuild_made_is_sent_again_beside_the_live_batches() {
    let memory = Memory::default();
    let live = message("live", 0);
    let DocumentHead { id, table, .. } = head("old", 0);
    let rebuilt = Batch::new(table.clone(), 2, vec![id]);
    block_on(memory.create_batch(&rebuilt)).expect("no fault");
    let sent = |send| BatchMessage { table: table.clone(), batch: rebuilt.id.clone(), send };
    let run = |again: &str| {
        block_on(memory.send(&live)).expect("no fault");
        if again == "sweep" {
            block_on(sweep_batches(&memory, &memory, &memory, 1, Intent::Act)).expect("no fault");
        } else {
            memory.bury(&sent(0));
            block_on(redrive(&memory, &memory, &memory, 10, Intent::Act)).expect("no fault");
        }
        // Those that can be out at the same time.
        let mut out = Vec::new();
        while let Some(delivery) = block_on(memory.receive()).expect("no fault") {
            out.push(delivery);
        }
        for delivery in &out {
            block_on(WorkQueue::delete(&memory, &delivery.receipt)).expect("no fault");
        }
        assert_eq!(waiting(&memory).len() + out.len(), 2);
        out.into_iter().map(|delivery| delivery.message).collect::<Vec<_>>()
    };
    assert_eq!(run("sweep"), [live.clone(), sent(1)]);
    assert_eq!(run("redrive"), [live.clone(), sent(1)]);
    // Once people query its generation it is one of the live ones.
    assert!(block_on(memory.change_generation(&table, 1, 2)).expect("no fault"));
    assert_eq!(run("sweep"), std::slice::from_ref(&live));
}

//! What a rebuild left that was given up.

use futures::executor::block_on;
use sluice_conformance::Memory;
use sluice_normalizer::{DocumentId, Encoding, Form, REJECTS_TABLE, TableName};
use sluice_pipeline::{
    Batch, BatchMessage, Counts, DeadLetters, DocumentHead, IngressStore, Intent, Ledger,
    Normalizer, Pass, REBUILD_FORMAT, Rebuild, RebuildState, Rebuilds, SettingsInForce,
    StoredDocument, WorkQueue, end_if_given_up, redrive,
};

fn table() -> TableName {
    TableName::parse("orders").expect("a table name")
}

/// A document that becomes a reject.
fn broken(name: &str) -> StoredDocument {
    let head = DocumentHead {
        id: DocumentId::parse(name).expect("an id"),
        table: table(),
        received_at_ms: 1_795_132_800_000,
        principal: None,
        form: Form::Json,
        encoding: Encoding::Identity,
        bytes: 1,
        fault: None,
    };
    StoredDocument { head, body: b"{".to_vec() }
}

fn batch(generation: u32, documents: &[&str]) -> Batch {
    let ids = documents.iter().map(|name| broken(name).head.id).collect();
    Batch::new(table(), generation, ids)
}

fn message(batch: &Batch) -> BatchMessage {
    BatchMessage { table: table(), batch: batch.id.clone(), send: 0 }
}

/// Documents a to d, and a rebuild of generation 1 into 2 in this state.
fn platform(state: RebuildState) -> Memory {
    let memory = Memory::default();
    for name in ["a", "b", "c", "d"] {
        block_on(memory.put(broken(name))).expect("no fault");
    }
    let rebuild = Rebuild {
        format: REBUILD_FORMAT,
        revision: 1,
        from: 1,
        to: 2,
        state,
        pass: Pass::default(),
        counts: Counts::default(),
        without_removed: 0,
        started_at_ms: 0,
        changed_at_ms: None,
        ended_at_ms: None,
    };
    assert!(block_on(memory.keep_rebuild(&table(), &rebuild)).expect("no fault"));
    memory
}

fn commit(memory: &Memory, batch: &Batch) {
    let normalizer = Normalizer {
        ingress: memory.clone(),
        ledger: memory.clone(),
        lake: memory.clone(),
        catalog: memory.clone(),
    };
    block_on(memory.create_batch(batch)).expect("no fault");
    let settings = SettingsInForce::parse(String::new()).expect("settings");
    let committed = block_on(normalizer.normalize(&message(batch), 1, &settings));
    assert_eq!(committed.expect("no fault").len(), 1);
}

/// Parts of rejects that people see.
fn rejects(memory: &Memory) -> usize {
    let parts = memory.committed_parts();
    parts.iter().filter(|(part, content)| part.table == REJECTS_TABLE && content.is_some()).count()
}

#[test]
fn batches_of_a_rebuild_that_was_given_up_end_without_rejects() {
    for (state, over) in [
        (RebuildState::Replaying, false),
        (RebuildState::CatchingUp, false),
        (RebuildState::Dropping, true),
        (RebuildState::Dropped, true),
    ] {
        let memory = platform(state);
        let (old, committed, open) = (batch(1, &["a"]), batch(2, &["a"]), batch(2, &["b"]));
        commit(&memory, &old);
        commit(&memory, &committed);
        block_on(memory.create_batch(&open)).expect("no fault");
        assert_eq!(rejects(&memory), 2);
        for batch in [&old, &committed, &open] {
            let ended = block_on(end_if_given_up(&memory, &memory, &message(batch)));
            assert_eq!(ended.expect("no fault"), over && batch.generation == 2, "{state:?}");
        }
        assert_eq!(rejects(&memory), if over { 1 } else { 2 }, "{state:?}");
        assert_eq!(memory.all_committed(), over, "{state:?}");
    }
}

/// A batch that fell into pieces, of which one was committed before the worker ended.
#[test]
fn pieces_leave_no_rejects_either() {
    let memory = platform(RebuildState::Dropped);
    let whole = batch(2, &["a", "b", "c", "d"]);
    block_on(memory.create_batch(&whole)).expect("no fault");
    commit(&memory, &batch(2, &["a", "b"]));
    assert_eq!(rejects(&memory), 1);
    assert!(block_on(end_if_given_up(&memory, &memory, &message(&whole))).expect("no fault"));
    assert_eq!(rejects(&memory), 0);
}

/// A later rebuild is under way, or people query what it made.
#[test]
fn an_earlier_rebuild_stays_given_up() {
    let memory = platform(RebuildState::Dropped);
    let old = batch(2, &["a"]);
    commit(&memory, &old);
    let last = block_on(memory.rebuild(&table())).expect("no fault").expect("a rebuild");
    let next = Rebuild { revision: 2, to: 3, state: RebuildState::Replaying, ..last };
    assert!(block_on(memory.keep_rebuild(&table(), &next)).expect("no fault"));
    let live = batch(3, &["a"]);
    commit(&memory, &live);
    let ended =
        |batch| block_on(end_if_given_up(&memory, &memory, &message(batch))).expect("no fault");
    assert_eq!((ended(&old), ended(&live)), (true, false));
    assert!(block_on(memory.change_generation(&table(), 1, 3)).expect("no fault"));
    let next = Rebuild { revision: 3, state: RebuildState::Following, ..next };
    assert!(block_on(memory.keep_rebuild(&table(), &next)).expect("no fault"));
    // From here on it is one of the old generations.
    assert_eq!((ended(&old), ended(&live)), (false, false));
}

/// Its worker ended right after the commit, each time, until the message was set aside.
#[test]
fn a_dead_letter_of_one_is_sent_to_be_cleared() {
    let memory = platform(RebuildState::Dropped);
    let dead = batch(2, &["a"]);
    commit(&memory, &dead);
    memory.bury(&message(&dead));
    block_on(redrive(&memory, &memory, &memory, 10, Intent::Act)).expect("no fault");
    assert_eq!(block_on(memory.list(10)).expect("no fault"), []);
    let again = block_on(memory.receive()).expect("no fault").expect("a message");
    assert_eq!(again.message, BatchMessage { send: 1, ..message(&dead) });
    assert!(block_on(end_if_given_up(&memory, &memory, &again.message)).expect("no fault"));
    assert_eq!(rejects(&memory), 0);
}

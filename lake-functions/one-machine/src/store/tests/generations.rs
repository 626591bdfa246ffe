use super::{Home, TODAY_MS, batch, commit, id, part, plan, put, table, wait};
use crate::store::{GenerationChange, Seq, Store};
use sluice_normalizer::{DocumentOutcome, RejectReason, Report};
use sluice_pipeline::{Batch, BatchMessage, Ledger, WorkQueue};

fn send(store: &Store, batch: &Batch) {
    let message = BatchMessage { table: batch.table.clone(), batch: batch.id.clone(), send: 0 };
    wait(store.create_batch(batch)).expect("create");
    wait(store.send(&message)).expect("send");
}

/// Has the bodies of the documents removed that are committed in every one of these.
fn remove_bodies(store: &Store, to_come: Option<u32>) -> u64 {
    let (orders, later) = (table("orders"), TODAY_MS + 1);
    let step = store.remove_bodies_before(&orders, to_come, later, Seq::START, 100);
    wait(step).expect("remove").bodies
}

fn dispatch_all(store: &Store) {
    let all = wait(store.undispatched(100, u64::MAX)).expect("list");
    wait(store.dispatched_up_to(all.last().expect("documents").0)).expect("dispatch");
}

#[test]
fn a_generation_begins_once_it_has_what_the_one_before_had() {
    let home = Home::new();
    let store = home.open();
    let orders = table("orders");
    let set = |from, to| wait(store.set_generation(&orders, from, to, 0)).expect("set");
    assert_eq!(set(1, 2), GenerationChange::Other { current: 1 }, "an unknown table");
    put(&store, "orders", &["a", "b"]);
    put(&store, "visits", &["c"]);
    commit(&store, &batch("orders", 1, &["a"]));
    let second = batch("orders", 1, &["b"]);
    send(&store, &second);
    assert_eq!(
        wait(store.batches_in_line(&orders)).expect("look"),
        std::slice::from_ref(&second.id)
    );
    assert_eq!(set(1, 2), GenerationChange::Behind { documents: 1, open_batches: 1 });
    commit(&store, &second);
    assert!(wait(store.batches_in_line(&orders)).expect("look").is_empty());

    let replay = |after| wait(store.documents_to_replay(&orders, after, 10)).expect("list");
    assert!(replay(Seq::START).is_empty(), "nothing was dispatched");
    let all = wait(store.undispatched(10, u64::MAX)).expect("list");
    wait(store.dispatched_up_to(all[2].0)).expect("dispatch");
    let found = replay(Seq::START);
    assert_eq!(found.iter().map(|(_, head)| head.id.as_str()).collect::<String>(), "ab");
    assert_eq!(replay(found[0].0), found[1..]);
    assert_eq!(wait(store.unused_generation(&orders)).expect("choose"), 2);

    commit(&store, &batch("orders", 2, &["a"]));
    // Claimed is not enough.
    let last = batch("orders", 2, &["b"]);
    wait(store.claim(&last, &[])).expect("claim");
    assert_eq!(set(1, 2), GenerationChange::Behind { documents: 1, open_batches: 1 });
    assert_eq!(wait(store.open_batches(&orders, 2)).expect("look"), std::slice::from_ref(&last.id));
    let before = wait(store.document_view(&id("b"))).expect("look up").expect("known");
    assert_eq!(before.batch, Some(batch("orders", 1, &["b"]).id));
    commit(&store, &last);
    assert_eq!(set(1, 2), GenerationChange::Done);
    assert_eq!(set(1, 2), GenerationChange::Other { current: 2 });
    drop(store);

    let store = home.open();
    assert_eq!(wait(store.generation(&orders)).expect("read"), 2);
    assert_eq!(wait(store.generation(&table("visits"))).expect("read"), 1);
    let all = store.load_generations().expect("load");
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [(orders, 2), (table("visits"), 1)]);
    let after = wait(store.document_view(&id("b"))).expect("look up").expect("known");
    assert_eq!(after.batch, Some(last.id));
}

#[test]
fn a_generation_that_was_dropped_is_never_switched_to() {
    let home = Home::new();
    let store = home.open();
    let orders = table("orders");
    put(&store, "orders", &["a", "b"]);
    for generation in [1, 2] {
        commit(&store, &batch("orders", generation, &["a"]));
        commit(&store, &batch("orders", generation, &["b"]));
    }
    let set = || wait(store.set_generation(&orders, 1, 2, 0)).expect("set");
    assert_eq!(wait(store.retire_other_generations(&orders, Some(2))).expect("retire").len(), 0);
    assert_eq!(wait(store.retire_other_generations(&orders, Some(3))).expect("retire").len(), 2);
    assert_eq!(set(), GenerationChange::Dropped);
    // A late commit does not bring it back, and neither does that it is forgotten.
    put(&store, "orders", &["c"]);
    commit(&store, &batch("orders", 2, &["c"]));
    assert_eq!(set(), GenerationChange::Dropped);
    wait(store.retire_other_generations(&orders, Some(3))).expect("retire");
    while wait(store.forget_dropped(&orders, 1)).expect("forget") {}
    assert_eq!(set(), GenerationChange::Dropped);
    assert_eq!(wait(store.unused_generation(&orders)).expect("choose"), 3, "no number twice");
}

#[test]
fn what_is_known_of_dropped_generations_goes_in_steps() {
    let home = Home::new();
    let store = home.open();
    let orders = table("orders");
    put(&store, "orders", &["a", "b", "c"]);
    let first = batch("orders", 1, &["a", "b", "c"]);
    commit(&store, &first);
    dispatch_all(&store);
    assert_eq!(remove_bodies(&store, None), 3);
    let set = |removed_max| wait(store.set_generation(&orders, 1, 2, removed_max)).expect("set");
    assert_eq!(set(2), GenerationChange::Loses { documents: 3 });
    assert_eq!(set(3), GenerationChange::Done);
    assert!(!wait(store.forget_dropped(&orders, 2)).expect("forget"), "nothing was dropped");
    wait(store.retire_other_generations(&orders, None)).expect("retire");
    let mut steps = 0;
    while wait(store.forget_dropped(&orders, 2)).expect("forget") {
        steps += 1;
    }
    assert_eq!(steps, 3, "two of three, the last, and the mark");
    let gone = wait(store.document(&orders, 1, &id("a"))).expect("look up");
    assert_eq!(gone, None);
    // Where a document went that is no more stays known, by the batch of back then.
    drop(store);
    let store = home.open();
    let view = wait(store.document_view(&id("a"))).expect("look up").expect("known");
    assert_eq!((view.batch, view.outcome.map(|o| o.rows)), (Some(first.id), Some(1)));
    // Its rows are gone already: nobody has to agree to that again.
    assert_eq!(wait(store.replayable(&orders)).expect("count").removed, 0);
    assert_eq!(wait(store.unused_generation(&orders)).expect("choose"), 2 + 1);
}

#[test]
fn rows_are_lost_only_as_far_as_agreed() {
    let home = Home::new();
    let store = home.open();
    let orders = table("orders");
    put(&store, "orders", &["a", "b"]);
    commit(&store, &batch("orders", 1, &["a", "b"]));
    dispatch_all(&store);
    // One is replayed, the other is claimed, and its batch not committed.
    commit(&store, &batch("orders", 2, &["a"]));
    wait(store.claim(&batch("orders", 2, &["b"]), &[])).expect("claim");
    assert_eq!(remove_bodies(&store, Some(2)), 1, "what is not replayed yet stays");
    assert_eq!(remove_bodies(&store, None), 1);
    let set = || wait(store.set_generation(&orders, 1, 2, 0)).expect("set");
    assert_eq!(set(), GenerationChange::Behind { documents: 0, open_batches: 1 });
    let unplanned = batch("orders", 2, &["b"]);
    wait(store.create_plan(&plan(&unplanned, Vec::new(), Report::default()))).expect("plan");
    let outcomes = [DocumentOutcome::default()];
    let empty = wait(store.plan(&unplanned.id)).expect("read").expect("a plan");
    wait(store.record(&empty, &outcomes)).expect("record");
    assert_eq!(wait(store.replayable(&orders)).expect("count").removed, 2);
    wait(store.commit(&unplanned.id, &[])).expect("commit");
    assert_eq!(set(), GenerationChange::Done);
}

#[test]
fn places_of_removed_documents_are_those_that_were_committed() {
    let home = Home::new();
    let store = home.open();
    let orders = table("orders");
    put(&store, "orders", &["a", "b"]);
    let first = batch("orders", 1, &["a", "b"]);
    let reason = |code: &str| RejectReason {
        record: None,
        code: code.to_owned(),
        message: code.to_owned(),
        pointer: None,
    };
    let rejected = |codes: &[&str]| DocumentOutcome {
        rows: 0,
        rejects: codes.len() as u64,
        reasons: codes.iter().map(|code| reason(code)).collect(),
    };
    let end = |batch: &Batch, outcomes: &[DocumentOutcome]| {
        let parts =
            vec![part("sluice_rejects", batch.generation, "2026-11-20", batch.id.as_str(), 1)];
        let plan = plan(batch, parts, Report::default());
        wait(store.claim(batch, &[])).expect("claim");
        wait(store.create_plan(&plan)).expect("plan");
        wait(store.record(&plan, outcomes)).expect("record");
        wait(store.commit(&batch.id, &plan.parts)).expect("commit");
    };
    end(&first, &[rejected(&["one", "two"]), rejected(&["three"])]);
    dispatch_all(&store);
    let replayed = batch("orders", 2, &["a"]);
    end(&replayed, &[rejected(&["other"])]);
    assert_eq!(remove_bodies(&store, None), 2);
    let set = wait(store.set_generation(&orders, 1, 2, 1)).expect("set");
    assert_eq!(set, GenerationChange::Done);
    let codes = |name: &str| {
        let view = wait(store.document_view(&id(name))).expect("look up").expect("known");
        let reasons = view.outcome.expect("committed").reasons;
        (view.batch, reasons.into_iter().map(|reason| reason.code).collect::<Vec<_>>())
    };
    assert_eq!(codes("a"), (Some(replayed.id), vec!["other".to_owned()]));
    assert_eq!(codes("b"), (Some(first.id), vec!["three".to_owned()]));
}

#[test]
fn a_batch_set_aside_holds_no_switch_up_once_its_documents_are_replayed() {
    let home = Home::new();
    let store = home.open();
    let orders = table("orders");
    put(&store, "orders", &["a", "b"]);
    commit(&store, &batch("orders", 1, &["a"]));
    send(&store, &batch("orders", 1, &["b"]));
    dispatch_all(&store);
    let delivery = wait(store.receive()).expect("receive").expect("a message");
    wait(store.set_aside(&delivery.receipt)).expect("set aside");
    assert!(wait(store.batches_in_line(&orders)).expect("look").is_empty());
    commit(&store, &batch("orders", 2, &["a"]));
    let set = || wait(store.set_generation(&orders, 1, 2, 0)).expect("set");
    assert_eq!(set(), GenerationChange::Behind { documents: 1, open_batches: 0 });
    commit(&store, &batch("orders", 2, &["b"]));
    assert_eq!(set(), GenerationChange::Done);
    assert_eq!(wait(store.set_aside_count()).expect("count"), 0);
    assert_eq!(wait(store.waiting()).expect("look").batches, 0);
}

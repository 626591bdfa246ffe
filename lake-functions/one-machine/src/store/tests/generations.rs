use super::{Home, batch, commit, id, put, table, wait};
use crate::store::{GenerationChange, Seq};
use sluice_pipeline::Ledger;

#[test]
fn a_generation_begins_once_it_has_what_the_one_before_had() {
    let home = Home::new();
    let store = home.open();
    let orders = table("orders");
    let set = |from, to| wait(store.set_generation(&orders, from, to)).expect("set");
    assert_eq!(set(1, 2), GenerationChange::Other { current: 1 }, "an unknown table");
    put(&store, "orders", &["a", "b"]);
    put(&store, "visits", &["c"]);
    commit(&store, &batch("orders", 1, &["a"]));
    wait(store.create_batch(&batch("orders", 1, &["b"]))).expect("create");
    assert_eq!(set(1, 2), GenerationChange::Behind { documents: 1, open_batches: 1 });
    commit(&store, &batch("orders", 1, &["b"]));

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
    wait(store.claim(&last)).expect("claim");
    assert_eq!(set(1, 2), GenerationChange::Behind { documents: 1, open_batches: 0 });
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

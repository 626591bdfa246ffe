use super::{Home, TODAY_MS, batch, commit, document, id, table, wait};
use crate::store::{RemovedBodies, Seq};
use sluice_pipeline::{IngressStore, Ledger, Put};

#[test]
fn bodies_go_once_they_are_old_and_committed() {
    let home = Home::new();
    let store = home.open();
    for (name, received_at_ms) in [
        ("old", TODAY_MS - 2),
        ("new", TODAY_MS),
        ("old_too", TODAY_MS - 1),
        ("open", TODAY_MS - 9),
    ] {
        let mut document = document("orders", name, b"{}");
        document.head.received_at_ms = received_at_ms;
        wait(store.put(document)).expect("put");
    }
    let done = batch("orders", 1, &["old", "new", "old_too"]);
    commit(&store, &done);
    wait(store.claim(&batch("orders", 1, &["open"]), &[])).expect("claim");

    let orders = table("orders");
    let remove = |after, max| {
        wait(store.remove_bodies_before(&orders, None, TODAY_MS, after, max)).expect("remove")
    };
    let first = remove(Seq::START, 2);
    assert_eq!(first.bodies, 1);
    let second = remove(first.next.expect("more"), 2);
    assert_eq!(second.bodies, 1);
    assert_eq!(remove(second.next.expect("more"), 2), RemovedBodies { bodies: 0, next: None });
    assert_eq!(remove(Seq::START, 100), RemovedBodies { bodies: 0, next: None });

    let there = |name: &str| wait(store.get(&id(name))).expect("get").is_some();
    assert_eq!(["old", "new", "old_too", "open"].map(there), [false, true, false, true]);
    // The head and the claim stay: the id is taken for good, and the document is in the lake.
    let again = wait(store.put(document("orders", "old", b"{}"))).expect("put");
    assert!(matches!(again, Put::Taken(head) if head.received_at_ms == TODAY_MS - 2));
    let view = wait(store.document_view(&id("old"))).expect("look up").expect("known");
    assert_eq!(view.batch, Some(done.id));
    assert_eq!(wait(store.claim(&batch("orders", 1, &["old"]), &[])).expect("claim"), [false]);
}

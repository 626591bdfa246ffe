use super::{Home, TODAY_MS, batch, commit, document, id, put, table, wait};
use crate::store::{Seq, Store, StoreError};
use sluice_pipeline::{BatchMessage, IngressStore, Ledger, PortError, WorkQueue};
use std::fs;

/// The files as a process that died now would leave them.
fn died(home: &Home) -> Home {
    let copy = Home::new();
    fs::create_dir_all(copy.path().parent().expect("a folder")).expect("create folder");
    fs::copy(home.path(), copy.path()).expect("copy");
    let wal = |home: &Home| home.path().with_file_name("sluice.db-wal");
    fs::copy(wal(home), wal(&copy)).expect("copy");
    copy
}

#[test]
fn what_was_answered_survives_the_process() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["a", "b", "c"]);
    let done = batch("orders", 1, &["a"]);
    commit(&store, &done);
    let open = batch("orders", 1, &["b"]);
    wait(store.create_batch(&open)).expect("create");
    let message = BatchMessage { table: open.table.clone(), batch: open.id.clone(), send: 0 };
    wait(store.send(&message)).expect("send");
    wait(store.receive()).expect("receive").expect("a message");
    let waiting = wait(store.waiting()).expect("waiting");

    let copy = died(&home);
    let after = copy.open();
    assert_eq!(wait(after.get(&id("c"))).expect("get"), Some(document("orders", "c", b"{}")));
    assert_eq!(wait(after.waiting()).expect("waiting"), waiting);
    // What was out is due again, and how often it was out is remembered.
    let again = wait(after.receive()).expect("receive").expect("due again");
    assert_eq!((again.message, again.receives), (message, 2));
    let place = wait(after.document_view(&id("a"))).expect("look up").expect("known");
    assert_eq!((place.batch, place.committed_at_ms), (Some(done.id), Some(TODAY_MS)));
    // The store that went on is not disturbed.
    put(&store, "orders", &["d"]);
}

#[test]
fn a_batch_that_a_crash_left_without_a_message_is_found() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["a", "b"]);
    let (sent, lost) = (batch("orders", 1, &["a"]), batch("orders", 1, &["b"]));
    for batch in [&sent, &lost] {
        wait(store.create_batch(batch)).expect("create");
    }
    let message = BatchMessage { table: sent.table.clone(), batch: sent.id.clone(), send: 0 };
    wait(store.send(&message)).expect("send");
    drop(store);
    let store = home.open();
    let found = wait(store.uncommitted_batches()).expect("look");
    assert_eq!(found, [(table("orders"), lost.id.clone())]);
    commit(&store, &lost);
    assert_eq!(wait(store.uncommitted_batches()).expect("look"), []);
}

#[test]
fn documents_wait_until_they_are_dispatched() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["a", "b"]);
    put(&store, "visits", &["c", "d"]);
    let look = |store: &Store, documents_max, bytes_max| -> Vec<(Seq, String)> {
        let found = wait(store.undispatched(documents_max, bytes_max)).expect("look");
        found.into_iter().map(|(seq, head)| (seq, head.id.to_string())).collect()
    };
    let names = |found: &[(Seq, String)]| -> String {
        found.iter().map(|(_, name)| name.as_str()).collect()
    };
    assert_eq!(names(&look(&store, 10, 100)), "abcd");
    assert_eq!(names(&look(&store, 3, 100)), "abc");
    assert_eq!(names(&look(&store, 10, 5)), "ab");
    let first = look(&store, 10, 0);
    assert_eq!(names(&first), "a", "one alone may be larger");
    wait(store.dispatched_up_to(look(&store, 2, 100)[1].0)).expect("dispatch");
    // It never goes back.
    wait(store.dispatched_up_to(first[0].0)).expect("dispatch");
    drop(store);
    let store = home.open();
    assert_eq!(names(&look(&store, 10, 100)), "cd");
    assert_eq!(wait(store.waiting()).expect("waiting").documents, 2);
    let open = batch("orders", 1, &["a", "b"]);
    wait(store.create_batch(&open)).expect("create");
    let waiting = wait(store.waiting()).expect("waiting");
    assert_eq!((waiting.documents, waiting.batches), (4, 1));
    assert_eq!(waiting.oldest_received_at_ms, Some(TODAY_MS));
    commit(&store, &open);
    assert_eq!(wait(store.waiting()).expect("waiting").documents, 2);
}

#[test]
fn a_closed_store_refuses_and_leaves_one_file() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["a"]);
    let other = store.clone();
    store.close();
    for error in [
        wait(other.put(document("orders", "b", b"{}"))).expect_err("closed"),
        wait(other.get(&id("a"))).expect_err("closed"),
    ] {
        assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
    }
    let folder = fs::read_dir(home.path().parent().expect("a folder")).expect("list");
    assert_eq!(folder.count(), 1, "no WAL is left");
    other.close();
    let store = home.open();
    assert!(wait(store.get(&id("a"))).expect("get").is_some());
}

#[test]
fn a_file_that_is_not_ours_is_left_alone() {
    let home = Home::new();
    drop(home.open());
    let connection = rusqlite::Connection::open(home.path()).expect("open");
    connection.pragma_update(None, "user_version", 3).expect("update");
    drop(connection);
    let before = fs::read(home.path()).expect("read");
    let error = Store::open(&home.path(), home.options()).expect_err("a newer format");
    assert!(matches!(error, StoreError::Newer { found: 3 }), "{error}");
    assert_eq!(fs::read(home.path()).expect("read"), before);

    {
        let home = Home::new();
        fs::create_dir_all(home.path().parent().expect("a folder")).expect("create folder");
        fs::write(home.path(), b"no database ".repeat(100)).expect("write");
        let error = Store::open(&home.path(), home.options()).expect_err("no database");
        let damaged = matches!(error, StoreError::Port(PortError::Damaged { .. }));
        assert!(damaged, "{error:?}");
    }
    let home = Home::new();
    fs::create_dir_all(home.path().parent().expect("a folder")).expect("create folder");
    let connection = rusqlite::Connection::open(home.path()).expect("open");
    connection.execute_batch("CREATE TABLE notes (text TEXT)").expect("create");
    drop(connection);
    let error = Store::open(&home.path(), home.options()).expect_err("another's database");
    assert!(matches!(error, StoreError::Port(PortError::Damaged { .. })), "{error:?}");
}

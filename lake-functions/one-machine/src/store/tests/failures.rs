use super::{Home, document, id, put, wait};
use crate::store::Store;
use crate::store::fault::Fault;
use rusqlite::ffi;
use sluice_pipeline::{IngressStore, PortError, Put};

/// Lets the file grow to so many pages.
fn limit(store: &Store, pages: u32) {
    let limit = store.write("limit".to_owned(), move |transaction| {
        let set = |_: &rusqlite::Row<'_>| Ok(());
        transaction.connection.pragma_update_and_check(None, "max_page_count", pages, set)?;
        Ok(())
    });
    wait(limit).expect("limit");
}

#[test]
fn a_full_disk_is_told_and_nothing_is_half_written() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["before"]);
    limit(&store, 1);
    let body = vec![b' '; 100_000];
    for name in ["one", "two"] {
        let error = wait(store.put(document("orders", name, &body))).expect_err("no room");
        assert!(matches!(error, PortError::Full { .. }), "{error}");
    }
    assert_eq!(wait(store.get(&id("one"))).expect("get"), None);
    assert_eq!(wait(store.document_view(&id("one"))).expect("look up"), None);
    assert!(wait(store.get(&id("before"))).expect("get").is_some());

    limit(&store, 1_000_000);
    assert_eq!(wait(store.put(document("orders", "one", &body))).expect("put"), Put::Stored);
    drop(store);
    let store = home.open();
    let found = wait(store.undispatched(10, u64::MAX)).expect("look");
    let names: Vec<_> = found.iter().map(|(_, head)| head.id.as_str()).collect();
    assert_eq!(names, ["before", "one"]);
}

#[test]
fn a_connection_in_doubt_is_replaced() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["before"]);
    let broken = store.write("break".to_owned(), |transaction| -> Result<(), Fault> {
        transaction.connection.execute("DELETE FROM bodies", [])?;
        let error = ffi::Error::new(ffi::SQLITE_IOERR_WRITE);
        Err(rusqlite::Error::SqliteFailure(error, None).into())
    });
    let error = wait(broken).expect_err("it says so");
    assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
    put(&store, "orders", &["after"]);
    assert!(wait(store.get(&id("before"))).expect("get").is_some(), "nothing was deleted");
}

#[test]
fn a_panic_ends_the_writer_and_everybody_hears_of_it() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["before"]);
    let panics = store.write("panic".to_owned(), |transaction| -> Result<(), Fault> {
        transaction.connection.execute("DELETE FROM bodies", [])?;
        panic!("a bug, on purpose");
    });
    for error in [
        wait(panics).expect_err("no answer"),
        wait(store.put(document("orders", "after", b"{}"))).expect_err("no writer"),
    ] {
        assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
    }
    // Readers go on, a panic of their own included.
    let panics = store.read("panic".to_owned(), |_| -> Result<(), Fault> { panic!("another bug") });
    wait(panics).expect_err("no answer");
    assert!(wait(store.get(&id("before"))).expect("get").is_some());
    drop(store);
    let store = home.open();
    assert!(wait(store.get(&id("before"))).expect("get").is_some());
    put(&store, "orders", &["after"]);
}

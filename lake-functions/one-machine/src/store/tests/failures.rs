use super::{Home, TODAY_MS, document, id, put, table, wait};
use crate::store::fault::Fault;
use crate::store::{Clock, Store, StoreOptions};
use rusqlite::ffi;
use sluice_pipeline::{IngressStore, PortError, Put};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

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
fn a_panic_fails_its_job_and_no_other() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["before"]);
    let panics = store.write("panic".to_owned(), |transaction| -> Result<(), Fault> {
        transaction.connection.execute("DELETE FROM bodies", [])?;
        transaction.table(&table("never"))?;
        panic!("a bug, on purpose");
    });
    let error = wait(panics).expect_err("it says so");
    assert!(matches!(error, PortError::Damaged { .. }), "{error}");
    put(&store, "orders", &["after"]);
    assert!(wait(store.get(&id("before"))).expect("get").is_some(), "nothing was deleted");
    let generations = store.load_generations().expect("load");
    assert!(generations.into_keys().eq([table("orders")]), "nothing was kept");
    // A table that was rolled back is made again.
    put(&store, "never", &["new"]);
    drop(store);
    assert!(wait(home.open().get(&id("after"))).expect("get").is_some());
}

#[test]
fn the_end_of_the_writer_is_told_to_everybody() {
    let home = Home::new();
    let broken = Arc::new(AtomicBool::new(false));
    let clock = {
        let broken = Arc::clone(&broken);
        Clock::new(move || if broken.load(SeqCst) { panic!("a bug, on purpose") } else { TODAY_MS })
    };
    let store = Store::open(&home.path(), StoreOptions::new(clock)).expect("open");
    put(&store, "orders", &["before"]);
    broken.store(true, SeqCst);
    for _ in 0..2 {
        let error = wait(store.put(document("orders", "after", b"{}"))).expect_err("no writer");
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

//! Retention removes whole days, and says what it removed.

use crate::fixture::{DEADLINE, accept, committed, document, open, rows, state};
use crate::rebuild::{block, ended, rebuilt};
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_one_machine::{Platform, RebuildError, RebuildState, Retained};
use sluice_pipeline::{DocumentState, SettingsInForce};
use std::time::{SystemTime, UNIX_EPOCH};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Accepts a document as received so many days ago.
fn accept_old(platform: &Platform, id: &str, days: i64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    let mut document = document("orders", id, r#"{"n":1,"items":[{"k":1}]}"#);
    document.head.received_at_ms = i64::try_from(now.as_millis()).expect("now") - days * DAY_MS;
    block_on(platform.accept(document)).expect("accept");
}

fn retain(platform: &Platform, settings: &str) -> Vec<Retained> {
    let settings = format!("tables: {{orders: {{retention: {settings}}}}}");
    platform.use_settings(SettingsInForce::parse(settings).expect("settings"));
    block_on(platform.retain()).expect("retain")
}

#[test]
fn what_the_settings_say_goes_and_nothing_else() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    for (id, days) in [("a", 40), ("b", 10), ("c", 0)] {
        accept_old(&platform, id, days);
    }
    accept(&platform, "visits", "v", r#"{"a":1}"#);
    committed(&heard, 4);
    let orders = TableName::parse("orders").expect("a table name");
    let gone = |documents, parts, rows| Retained { table: orders.clone(), documents, parts, rows };

    assert_eq!(retain(&platform, "{}"), [gone(0, 0, 0)]);
    assert_eq!(retain(&platform, "{row_days: 30}"), [gone(0, 2, 2)]);
    assert_eq!(retain(&platform, "{row_days: 30}"), [gone(0, 0, 0)]);
    assert_eq!((rows(&platform, "orders"), rows(&platform, "orders__items")), ((2, 2), (2, 2)));
    assert_eq!(rows(&platform, "visits"), (1, 1));
    // The document of rows that are gone is still there to be replayed, then it goes too.
    assert_eq!(retain(&platform, "{row_days: 30, document_days: 5}"), [gone(2, 0, 0)]);
    assert_eq!(state(&platform, "a"), DocumentState::Normalized);

    // b's document is gone while its row is kept: a rebuild would lose that row.
    let error = block_on(platform.start_rebuild(&orders, false)).expect_err("rows would be lost");
    assert!(matches!(error, RebuildError::Removed { documents: 1, .. }), "{error}");
    // A repeated put of a removed document adds nothing.
    accept_old(&platform, "b", 0);
    accept_old(&platform, "d", 0);
    committed(&heard, 1);
    assert_eq!(rows(&platform, "orders"), (3, 3));

    block_on(platform.start_rebuild(&orders, true)).expect("start");
    while platform.switch(&orders).is_err() {
        std::thread::yield_now();
    }
    assert_eq!(rows(&platform, "orders"), (2, 2));
    assert_eq!(state(&platform, "b"), DocumentState::Normalized, "states never go back");
    drop(platform);
    let (platform, _heard) = open(folder.path(), "");
    assert_eq!((rows(&platform, "orders"), rows(&platform, "visits")), ((2, 2), (1, 1)));
}

#[test]
fn retention_takes_nothing_that_a_rebuild_needs() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    for (id, days) in [("a", 10), ("b", 0)] {
        accept_old(&platform, id, days);
    }
    committed(&heard, 2);
    let orders = TableName::parse("orders").expect("a table name");
    retain(&platform, "{}");
    let blocked = block(&platform, "orders/g2");
    block_on(platform.start_rebuild(&orders, false)).expect("start");
    heard.recv_timeout(DEADLINE).expect("it is blocked");
    // Its rows are kept, so its document is needed until it is replayed.
    assert_eq!(retain(&platform, "{document_days: 5}")[0].documents, 0);
    std::fs::remove_file(blocked).expect("unblock");
    assert_eq!(ended(&platform).state, RebuildState::Ready);
    assert_eq!(retain(&platform, "{document_days: 5}")[0].documents, 1);
    platform.switch(&orders).expect("switch");
    assert_eq!((rows(&platform, "orders"), rows(&platform, "orders__items")), ((2, 2), (2, 2)));
    assert_eq!(state(&platform, "a"), DocumentState::Normalized);
}

#[test]
fn rows_that_retention_removed_do_not_come_back_by_a_rebuild() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    for (id, days) in [("a", 40), ("b", 0)] {
        accept_old(&platform, id, days);
    }
    committed(&heard, 2);
    let orders = TableName::parse("orders").expect("a table name");
    assert_eq!(retain(&platform, "{row_days: 30}")[0].rows, 2);
    let changes = rebuilt(&platform).changes.expect("it is ready");
    assert_eq!(changes.tables[0].rows, (1, 1));
    // What comes between the rebuild and the switch is as old.
    accept_old(&platform, "c", 35);
    committed(&heard, 1);
    platform.switch(&orders).expect("switch");
    assert_eq!((rows(&platform, "orders"), rows(&platform, "orders__items")), ((1, 1), (1, 1)));
    assert_eq!(state(&platform, "a"), DocumentState::Normalized);
}

#[test]
fn a_table_without_a_document_to_replay_is_gone_everywhere() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    accept_old(&platform, "a", 10);
    accept(&platform, "visits", "v", r#"{"a":1}"#);
    committed(&heard, 2);
    let orders = TableName::parse("orders").expect("a table name");
    assert_eq!(retain(&platform, "{document_days: 5}")[0].documents, 1);
    block_on(platform.start_rebuild(&orders, true)).expect("start");
    assert_eq!(ended(&platform).state, RebuildState::Ready);
    platform.switch(&orders).expect("switch");
    let gone = |platform: &Platform| {
        assert!(block_on(platform.table(&orders)).expect("look").is_none());
        assert!(platform.snapshot().tables.keys().eq(["visits"]));
        assert_eq!(state(platform, "a"), DocumentState::Normalized);
    };
    gone(&platform);
    drop(platform);
    let (platform, heard) = open(folder.path(), "");
    gone(&platform);
    accept_old(&platform, "b", 0);
    committed(&heard, 1);
    assert_eq!(rows(&platform, "orders"), (1, 1));
}

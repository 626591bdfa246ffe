//! Retention removes whole days, and says what it removed.

use crate::fixture::{accept, committed, document, open, rows, state};
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_one_machine::{Platform, RebuildError, Retained};
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

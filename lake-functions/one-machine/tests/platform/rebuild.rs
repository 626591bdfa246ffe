//! A rebuild replays the documents under the settings of the day, and switches in one step.

use crate::fixture::{DEADLINE, accept, committed, document, open, rows, state};
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_one_machine::{
    ColumnChange, Event, EventSink, Platform, PlatformOptions, RebuildError, RebuildState,
    RebuildView,
};
use sluice_pipeline::{DocumentState, SettingsInForce};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn orders() -> TableName {
    TableName::parse("orders").expect("a table name")
}

pub(crate) fn rebuilt(platform: &Platform) -> RebuildView {
    block_on(platform.start_rebuild(&orders(), false)).expect("start");
    ended(platform)
}

/// Waits for the end of the rebuild that runs.
pub(crate) fn ended(platform: &Platform) -> RebuildView {
    until("the rebuild ends", || {
        let view = platform.rebuild(&orders()).expect("it was started");
        view.state != RebuildState::Running
    });
    platform.rebuild(&orders()).expect("it was started")
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < DEADLINE, "{what}");
        std::thread::yield_now();
    }
}

/// A file where the lake wants a folder: what writes there fails, and goes on once it is gone.
pub(crate) fn block(platform: &Platform, folder: &str) -> PathBuf {
    let path = platform.lake_root().join(folder);
    fs::create_dir_all(path.parent().expect("a folder")).expect("create folders");
    fs::write(&path, "").expect("block a folder");
    path
}

/// Accepts a document as received the day before the others.
fn accept_earlier(platform: &Platform, id: &str, body: &str) {
    let mut document = document("orders", id, body);
    document.head.received_at_ms -= DAY_MS;
    block_on(platform.accept(document)).expect("accept");
}

fn columns(platform: &Platform) -> Vec<String> {
    let detail = block_on(platform.table(&orders())).expect("look").expect("it is known");
    detail.registry.root().columns.iter().map(|column| column.name.clone()).collect()
}

const SETTINGS: &str = "tables: {orders: {columns: {/price: double}, ignore: [/secret]}}";

#[test]
fn a_rebuild_shows_what_would_change_and_switches_when_told() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    accept(&platform, "orders", "a", r#"{"price":"x","secret":1}"#);
    committed(&heard, 1);
    accept(&platform, "orders", "b", r#"[{"price":2},7]"#);
    accept(&platform, "visits", "v", r#"{"a":1}"#);
    committed(&heard, 2);
    assert_eq!(columns(&platform), ["price", "secret", "price__bigint"]);

    platform.use_settings(SettingsInForce::parse(SETTINGS.to_owned()).expect("settings"));
    let view = rebuilt(&platform);
    assert_eq!((view.state, view.generation), (RebuildState::Ready, 2));
    assert_eq!((view.documents, view.documents_total), (2, 2));
    let changes = view.changes.expect("it is ready");
    assert_eq!(changes.rejects["not_an_object"], (1, 1));
    assert_eq!(changes.tables.len(), 1);
    assert_eq!(changes.tables[0].rows, (2, 2));
    let changed: Vec<_> = changes.tables[0]
        .columns
        .iter()
        .map(|c| (c.before.as_deref().unwrap_or("-"), c.after.as_deref().unwrap_or("-")))
        .collect();
    let expected =
        [("price", "price__string"), ("secret", "-"), ("price__bigint", "-"), ("-", "price")];
    assert_eq!(changed, expected);
    // Until it is told, nobody sees any of it.
    assert_eq!(columns(&platform), ["price", "secret", "price__bigint"]);
    assert_eq!(rows(&platform, "orders"), (2, 2));
    assert_eq!(rows(&platform, "sluice_rejects"), (1, 1));

    // What came meanwhile is there after the switch, and what comes later too.
    accept(&platform, "orders", "c", r#"{"price":3.5}"#);
    let held = platform.snapshot();
    let view = platform.switch(&orders()).expect("switch");
    assert_eq!(view.state, RebuildState::Switched);
    // Against what was seen until now, c in it or not.
    let done = view.changes.expect("it has changed something");
    assert!((2..=3).contains(&done.tables[0].rows.1), "{:?}", done.tables[0].rows);
    let gone = |change: &&ColumnChange| change.path == "/secret" && change.after.is_none();
    assert_eq!(done.tables[0].columns.iter().filter(gone).count(), 1);
    assert_eq!(columns(&platform), ["price", "price__string"]);
    assert_eq!(held.tables["orders"].registry.generation, 1);
    for part in held.tables["orders"].parts["orders"].iter() {
        assert!(platform.lake_root().join(&part.key).exists(), "a reader holds {}", part.key);
    }
    accept(&platform, "orders", "d", r#"{"price":4}"#);
    let done = Instant::now();
    while state(&platform, "d") != DocumentState::Normalized
        || state(&platform, "c") != DocumentState::Normalized
    {
        assert!(done.elapsed() < DEADLINE);
        std::thread::yield_now();
    }
    assert_eq!(rows(&platform, "orders"), (4, 4));
    assert_eq!(rows(&platform, "sluice_rejects"), (1, 1));
    assert_eq!(state(&platform, "b"), DocumentState::PartlyRejected);
    drop(held);

    // A restart shows the same, and nothing of the generation before is left.
    drop(platform);
    let (platform, _heard) = open(folder.path(), SETTINGS);
    assert_eq!(rows(&platform, "orders"), (4, 4));
    assert_eq!(rows(&platform, "visits"), (1, 1));
    assert_eq!(columns(&platform), ["price", "price__string"]);
    let old = platform.lake_root().join("orders/g1/tier=live");
    let files = walk(&old);
    assert!(files.is_empty(), "{files:?}");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("list").path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn a_rebuild_may_be_repeated_and_abandoned() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    let unknown = block_on(platform.start_rebuild(&orders(), false)).expect_err("no such table");
    assert!(matches!(unknown, RebuildError::UnknownTable { .. }), "{unknown}");
    accept(&platform, "orders", "a", r#"{"n":1}"#);
    committed(&heard, 1);
    let error = platform.switch(&orders()).expect_err("nothing is ready");
    assert!(matches!(error, RebuildError::NotReady { .. }), "{error}");
    assert_eq!(rebuilt(&platform).generation, 2);
    assert_eq!(rebuilt(&platform).generation, 3);
    drop(platform);
    // What was not switched to is gone after a restart.
    let (platform, _heard) = open(folder.path(), "");
    assert_eq!(platform.rebuild(&orders()), None);
    assert_eq!(rows(&platform, "orders"), (1, 1));
    assert_eq!(rebuilt(&platform).generation, 4);
    platform.switch(&orders()).expect("switch");
    assert_eq!(rows(&platform, "orders"), (1, 1));
    let detail = block_on(platform.table(&orders())).expect("look").expect("it is known");
    assert_eq!((detail.summary.generation, detail.summary.documents), (4, 1));
}

#[test]
fn nobody_starts_a_rebuild_while_one_is_switched_to() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    accept(&platform, "orders", "a", r#"{"n":1}"#);
    committed(&heard, 1);
    assert_eq!(rebuilt(&platform).state, RebuildState::Ready);
    // A batch that does not end keeps the switch waiting.
    let blocked = block(&platform, "orders/g1/tier=live/ingest_date=2026-11-19");
    accept_earlier(&platform, "b", r#"{"n":2}"#);
    until("it is batched", || state(&platform, "b") == DocumentState::Batched);
    std::thread::scope(|scope| {
        let switch = scope.spawn(|| platform.switch(&orders()));
        let switching = || platform.rebuild(&orders()).expect("there").state;
        until("the switch begins", || switching() == RebuildState::Switching);
        let error = block_on(platform.start_rebuild(&orders(), false)).expect_err("not now");
        assert!(matches!(error, RebuildError::UnderWay { .. }), "{error}");
        let error = platform.switch(&orders()).expect_err("one is enough");
        assert!(matches!(error, RebuildError::NotReady { .. }), "{error}");
        // Other tables go on.
        accept(&platform, "visits", "v", r#"{"n":1}"#);
        until("visits go on", || state(&platform, "v") == DocumentState::Normalized);
        fs::remove_file(&blocked).expect("unblock");
        let view = switch.join().expect("no panic").expect("switch");
        assert_eq!(view.state, RebuildState::Switched);
    });
    assert_eq!(rows(&platform, "orders"), (2, 2));
    assert_eq!(rebuilt(&platform).generation, 3);
    drop(platform);
    let (platform, _heard) = open(folder.path(), "");
    assert_eq!(rows(&platform, "orders"), (2, 2));
}

#[test]
fn a_rebuild_waits_until_a_failure_has_passed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    accept(&platform, "orders", "a", r#"{"n":1}"#);
    committed(&heard, 1);
    let blocked = block(&platform, "orders/g2");
    let started = block_on(platform.start_rebuild(&orders(), false)).expect("start");
    heard.recv_timeout(DEADLINE).expect("somebody is told");
    assert_eq!(platform.rebuild(&orders()), Some(started.clone()));
    let again = block_on(platform.start_rebuild(&orders(), false)).expect("it runs");
    assert_eq!(again, started, "one that runs is told of");
    // Under other settings it would be another one.
    platform.use_settings(SettingsInForce::parse(SETTINGS.to_owned()).expect("settings"));
    let error = block_on(platform.start_rebuild(&orders(), false)).expect_err("one runs");
    assert!(matches!(error, RebuildError::UnderWay { .. }), "{error}");
    fs::remove_file(blocked).expect("unblock");
    assert_eq!(ended(&platform).state, RebuildState::Ready);

    // A platform that closes does not wait for it.
    let blocked = block(&platform, "orders/g3");
    block_on(platform.start_rebuild(&orders(), false)).expect("start");
    heard.recv_timeout(DEADLINE).expect("somebody is told");
    platform.close();
    drop(platform);
    fs::remove_file(blocked).expect("unblock");
    let (platform, _heard) = open(folder.path(), "");
    assert_eq!(rows(&platform, "orders"), (1, 1));
}

#[test]
fn a_rebuild_that_panics_has_failed_and_leaves_no_part() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let events = EventSink::new(|event| {
        if matches!(event, Event::Failed { what: "replay documents", .. }) {
            panic!("on purpose");
        }
    });
    let settings = SettingsInForce::parse(String::new()).expect("settings");
    let data = folder.path().to_owned();
    let linger = Duration::from_millis(1);
    let options = PlatformOptions { data, settings, settings_file: None, linger, events };
    let platform = Platform::open(options).expect("open");
    accept_earlier(&platform, "a", r#"{"n":1}"#);
    accept(&platform, "orders", "b", r#"{"n":2}"#);
    for id in ["a", "b"] {
        until("it is normalized", || state(&platform, id) == DocumentState::Normalized);
    }
    let blocked = block(&platform, "orders/g2/tier=live/ingest_date=2026-11-20");
    let view = rebuilt(&platform);
    assert_eq!((view.state, view.documents), (RebuildState::Failed, 1));
    fs::remove_file(blocked).expect("unblock");
    let made = platform.lake_root().join("orders/g2");
    until("its part is deleted", || walk(&made).is_empty());
    assert_eq!(block_on(platform.figures()).expect("figures").live_parts, 2);
    let error = platform.switch(&orders()).expect_err("it failed");
    assert!(matches!(error, RebuildError::NotReady { .. }), "{error}");
    assert_eq!(rebuilt(&platform).state, RebuildState::Ready);
    platform.switch(&orders()).expect("switch");
    assert_eq!(rows(&platform, "orders"), (2, 2));
}

//! A rebuild replays the documents under the settings of the day, and switches in one step.

use crate::fixture::{DEADLINE, accept, committed, open, rows, state};
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_one_machine::{Platform, RebuildError, RebuildState, RebuildView};
use sluice_pipeline::{DocumentState, SettingsInForce};
use std::time::Instant;

fn orders() -> TableName {
    TableName::parse("orders").expect("a table name")
}

fn rebuilt(platform: &Platform) -> RebuildView {
    block_on(platform.start_rebuild(&orders(), false)).expect("start");
    let started = Instant::now();
    loop {
        let view = platform.rebuild(&orders()).expect("it was started");
        if view.state != RebuildState::Running {
            return view;
        }
        assert!(started.elapsed() < DEADLINE, "{view:?}");
        std::thread::yield_now();
    }
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

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
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

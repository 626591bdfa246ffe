//! The platform of one machine as its front door sees it.

mod fixture;
mod rebuild;
mod retain;
mod settings;
mod tidy;

use fixture::{DEADLINE, Heard, accept, committed, document, open, rows, state};
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_one_machine::{EventSink, OpenError, Platform, PlatformOptions, PutWithin};
use sluice_pipeline::{DocumentState, Put, SettingsInForce};
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn what_is_accepted_becomes_rows_and_rejects() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    accept(&platform, "orders", "a", r#"{"price":1,"items":[{"n":1},{"n":2}]}"#);
    accept(&platform, "orders", "b", r#"[{"price":"x"},7]"#);
    accept(&platform, "orders", "c", "7");
    accept(&platform, "visits", "d", r#"{"a":1}"#);
    committed(&heard, 4);

    assert_eq!(rows(&platform, "orders"), (2, 2));
    assert_eq!(rows(&platform, "orders__items"), (2, 2));
    assert_eq!(rows(&platform, "visits"), (1, 1));
    assert_eq!(rows(&platform, "sluice_rejects"), (2, 2));
    let states = ["a", "b", "c"].map(|id| state(&platform, id));
    use DocumentState::{Normalized, PartlyRejected, Rejected};
    assert_eq!(states, [Normalized, PartlyRejected, Rejected]);

    let orders = TableName::parse("orders").expect("a table name");
    let detail = block_on(platform.table(&orders)).expect("look").expect("it is known");
    let summary = &detail.summary;
    assert_eq!((summary.documents, summary.rows, summary.rejects), (3, 2, 2));
    assert_eq!((summary.child_tables, summary.conflicts), (1, 1));
    let names: Vec<_> =
        block_on(platform.tables()).expect("list").into_iter().map(|t| t.name).collect();
    assert_eq!(names, ["orders", "visits"]);

    let figures = block_on(platform.figures()).expect("figures");
    assert_eq!((figures.documents, figures.waiting_documents, figures.lag_ms), (4, 0, 0));
    assert_eq!((figures.rows, figures.conflicts), (5, 1));
    assert_eq!(figures.rejects["not_an_object"], 2);
}

#[test]
fn there_are_no_more_tables_than_the_settings_allow() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "limits: {tables: 2}");
    let put = |platform: &Platform, table, id| {
        block_on(platform.accept(document(table, id, r#"{"a":1}"#))).expect("accept")
    };
    accept(&platform, "orders", "a", r#"{"a":1}"#);
    // What keeps nothing makes no table.
    let taken = put(&platform, "others", "a");
    assert!(matches!(taken, PutWithin::Put(Put::Taken(_))), "{taken:?}");
    accept(&platform, "visits", "b", r#"{"a":1}"#);
    assert_eq!(put(&platform, "third", "c"), PutWithin::TooManyTables);
    accept(&platform, "orders", "d", r#"{"a":1}"#);
    committed(&heard, 3);
    assert!(platform.snapshot().tables.keys().eq(["orders", "visits"]));
    drop(platform);

    let (platform, heard) = open(folder.path(), "limits: {tables: 3}");
    assert_eq!(put(&platform, "third", "c"), PutWithin::Put(Put::Stored));
    assert_eq!(put(&platform, "fourth", "e"), PutWithin::TooManyTables);
    committed(&heard, 1);
}

#[test]
fn a_table_of_nothing_but_rejects_is_there() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    accept(&platform, "orders", "a", "7");
    committed(&heard, 1);
    let empty = |platform: &Platform| {
        let snapshot = platform.snapshot();
        (snapshot.tables["orders"].registry.root().columns.len(), snapshot.rejects.len())
    };
    assert_eq!(empty(&platform), (0, 1));
    drop(platform);
    let (platform, _heard) = open(folder.path(), "");
    assert_eq!(empty(&platform), (0, 1));
}

#[test]
fn the_same_again_changes_nothing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    let first = document("orders", "a", r#"{"n":1}"#);
    assert_eq!(accept(&platform, "orders", "a", r#"{"n":1}"#), Put::Stored);
    assert_eq!(accept(&platform, "orders", "a", r#"{"n":2}"#), Put::Taken(first.head.clone()));
    committed(&heard, 1);
    assert_eq!(accept(&platform, "orders", "a", r#"{"n":3}"#), Put::Taken(first.head));
    assert_eq!(accept(&platform, "orders", "b", r#"{"n":4}"#), Put::Stored);
    committed(&heard, 1);
    assert_eq!(rows(&platform, "orders"), (2, 2));
}

#[test]
fn a_platform_opened_again_goes_on() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    accept(&platform, "orders", "a", r#"{"n":1}"#);
    accept(&platform, "orders", "r", "{");
    committed(&heard, 2);
    platform.close();
    // Closed, it takes nothing more.
    assert!(block_on(platform.accept(document("orders", "x", "{}"))).is_err());
    drop(platform);

    let (platform, heard) = open(folder.path(), "");
    assert_eq!(rows(&platform, "orders"), (1, 1));
    assert_eq!(rows(&platform, "sluice_rejects"), (1, 1));
    assert_eq!(state(&platform, "a"), DocumentState::Normalized);
    accept(&platform, "orders", "b", r#"{"n":"two"}"#);
    committed(&heard, 1);
    assert_eq!(rows(&platform, "orders"), (2, 2));
}

#[test]
fn one_platform_at_a_time_holds_a_folder() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, _heard) = open(folder.path(), "");
    let settings = SettingsInForce::parse(String::new()).expect("no settings");
    let options = PlatformOptions {
        data: folder.path().to_owned(),
        settings,
        settings_file: None,
        linger: Duration::ZERO,
        events: EventSink::none(),
    };
    let error = Platform::open(options.clone()).expect_err("it is held");
    let OpenError::Held { holder, .. } = &error else { panic!("{error}") };
    assert_eq!(*holder, Some(std::process::id()));
    let expected = format!("(process {})", std::process::id());
    assert!(error.to_string().ends_with(&expected), "{error}");
    drop(platform);
    Platform::open(options).expect("it is free");
}

#[test]
fn parts_that_pile_up_are_merged_and_their_files_go() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    let before = platform.snapshot();
    let mut merged = 0;
    let mut held = None;
    for n in 0..40 {
        // Columns come and go, so that the parts differ.
        let body = format!(r#"{{"n":{n},"c{}":[{{"k":{n}}}],"list":[[{n}.5]]}}"#, n % 3);
        accept(&platform, "orders", &format!("d{n}"), &body);
        accept(&platform, "orders", &format!("r{n}"), "{");
        let mut documents = 0;
        while documents < 2 {
            match heard.recv_timeout(DEADLINE).expect("it comes in time") {
                Heard::Committed { documents: some } => documents += some,
                Heard::Merged { parts } => merged += parts,
                trouble => panic!("{trouble:?}"),
            }
        }
        held.get_or_insert_with(|| platform.snapshot());
    }
    while merged < 64 {
        match heard.recv_timeout(DEADLINE).expect("it comes in time") {
            Heard::Merged { parts } => merged += parts,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rows(&platform, "orders"), (40, 40));
    assert_eq!(rows(&platform, "orders__c0"), (14, 14));
    assert_eq!(rows(&platform, "sluice_rejects"), (40, 40));
    let parts = platform.snapshot().tables["orders"].parts["orders"].len();
    assert!(parts < 24, "{parts} parts");

    // What a reader holds stays until it lets go.
    let held = held.expect("a snapshot");
    for part in held.tables["orders"].parts["orders"].iter() {
        assert!(platform.lake_root().join(&part.key).exists(), "{}", part.key);
    }
    drop((held, before));
    platform.close();
    drop(platform);
    let (platform, _heard) = open(folder.path(), "");
    assert_eq!(rows(&platform, "orders"), (40, 40));
    let snapshot = platform.snapshot();
    let seen: BTreeSet<_> = snapshot.tables["orders"]
        .parts
        .values()
        .flat_map(|parts| parts.iter().map(|part| part.key.clone()))
        .collect();
    let mut files = BTreeSet::new();
    for table in snapshot.tables["orders"].parts.keys() {
        let key = format!("{table}/g1/tier=live/ingest_date=2026-11-20");
        for file in std::fs::read_dir(platform.lake_root().join(&key)).expect("list") {
            let name = file.expect("list").file_name().into_string().expect("a name");
            files.insert(format!("{key}/{name}"));
        }
    }
    assert_eq!(files, seen);
}

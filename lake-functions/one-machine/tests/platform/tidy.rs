//! The lake is kept tidy whatever fails: merging, deleting, and what a crash left.

use crate::fixture::{
    DEADLINE, Heard, accept, committed, open, open_hearing, options, rows, state,
};
use futures::executor::block_on;
use sluice_normalizer::TableName;
use sluice_one_machine::{Event, EventSink, LakeError, LakeFolder, OpenError, Platform};
use sluice_pipeline::DocumentState;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Instant;

const DAY: &str = "tier=live/ingest_date=2026-11-20";

/// Parts of one size that are merged once there are so many.
const CROWD: usize = 16;

/// Commits numbered documents one by one, so that each is a part. What is heard beside them is answered.
fn commit_each(
    platform: &Platform,
    heard: &Receiver<Heard>,
    table: &str,
    numbers: Range<usize>,
) -> Vec<Heard> {
    let mut beside = Vec::new();
    for n in numbers {
        accept(platform, table, &format!("{table}-{n}"), r#"{"n":1}"#);
        loop {
            match heard.recv_timeout(DEADLINE).expect("it comes in time") {
                Heard::Committed { .. } => break,
                other => beside.push(other),
            }
        }
    }
    beside
}

/// Waits for something, and answers it with what was heard before.
fn hear(heard: &Receiver<Heard>, is_it: impl Fn(&Heard) -> bool) -> Vec<Heard> {
    let mut all = Vec::new();
    while !all.last().is_some_and(&is_it) {
        all.push(heard.recv_timeout(DEADLINE).expect("it comes in time"));
    }
    all
}

fn is_trouble(heard: &Heard, with: &str) -> bool {
    matches!(heard, Heard::Trouble(text) if text.contains(with))
}

fn day_of(platform: &Platform, table: &str) -> PathBuf {
    platform.lake_root().join(format!("{table}/g1/{DAY}"))
}

fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("list");
    entries.map(|entry| entry.expect("list").path()).collect()
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < DEADLINE, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_part_that_cannot_be_merged_holds_up_nothing_else() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    // A table before the other in order, and one more part, so that the rest of it is a crowd too.
    commit_each(&platform, &heard, "damaged", 0..1);
    let first = files(&day_of(&platform, "damaged"));
    fs::write(&first[0], "no Parquet").expect("damage it");
    let mut all = commit_each(&platform, &heard, "damaged", 1..1 + CROWD);
    all.extend(commit_each(&platform, &heard, "whole", 0..CROWD));
    let merged = |all: &[Heard]| all.iter().filter(|h| matches!(h, Heard::Merged { .. })).count();
    while merged(&all) < 2 {
        all.push(heard.recv_timeout(DEADLINE).expect("it comes in time"));
    }
    let told: Vec<_> = all.iter().filter(|h| matches!(h, Heard::Trouble(_))).collect();
    assert_eq!(told.len(), 1, "the part is not picked in each round: {told:?}");
    assert!(is_trouble(told[0], "merge parts") && is_trouble(told[0], "damaged/g1"), "{told:?}");
    // What was merged away is deleted all the same.
    for (table, left) in [("damaged", 2), ("whole", 1)] {
        let day = day_of(&platform, table);
        wait_until("deleted", || files(&day).len() == left);
    }
    assert_eq!(rows(&platform, "whole"), (16, 16));
}

#[test]
fn what_cannot_be_deleted_is_tried_again_and_stops_neither_the_rest_nor_a_start() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    commit_each(&platform, &heard, "orders", 0..CROWD - 1);
    let held = platform.snapshot();
    let stuck = platform.lake_root().join(&held.tables["orders"].parts["orders"][0].key);
    accept(&platform, "orders", "last", r#"{"n":1}"#);
    hear(&heard, |h| matches!(h, Heard::Merged { .. }));
    // A folder in the place of a file cannot be deleted as one.
    fs::remove_file(&stuck).expect("remove");
    fs::create_dir(&stuck).expect("create");
    drop(held);
    hear(&heard, |h| is_trouble(h, "delete parts"));
    let day = day_of(&platform, "orders");
    wait_until("the others are deleted", || files(&day).len() == 2);
    drop(platform);

    let (platform, heard) = open(folder.path(), "");
    hear(&heard, |h| is_trouble(h, "delete parts"));
    assert_eq!(rows(&platform, "orders"), (16, 16));
    drop(platform);
    fs::remove_dir(&stuck).expect("remove");
    let (platform, heard) = open(folder.path(), "");
    accept(&platform, "orders", "more", r#"{"n":1}"#);
    committed(&heard, 1);
    assert_eq!(rows(&platform, "orders"), (17, 17));
}

#[test]
fn a_panic_in_a_round_ends_no_thread() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let settings = folder.path().join("sluice.yaml");
    fs::write(&settings, "tables: [").expect("write");
    let file = fs::File::options().write(true).open(&settings).expect("open");
    file.set_modified(std::time::UNIX_EPOCH).expect("set the time");
    let armed = [const { AtomicBool::new(true) }; 2];
    let (platform, heard) =
        open_hearing(options(&folder.path().join("data"), "", Some(settings)), move |event| {
            let at = match event {
                Event::Failed { what: "use the changed settings", .. } => 0,
                Event::Merged { .. } => 1,
                _ => return,
            };
            assert!(!armed[at].swap(false, Ordering::SeqCst), "a bug, on purpose");
        });
    hear(&heard, |h| is_trouble(h, "make batches"));
    let mut all = commit_each(&platform, &heard, "a", 0..CROWD);
    while !all.iter().any(|h| is_trouble(h, "merge parts")) {
        all.push(heard.recv_timeout(DEADLINE).expect("it comes in time"));
    }
    all = commit_each(&platform, &heard, "b", 0..CROWD);
    while !all.iter().any(|h| matches!(h, Heard::Merged { .. })) {
        all.push(heard.recv_timeout(DEADLINE).expect("it comes in time"));
    }
    assert_eq!((rows(&platform, "a"), rows(&platform, "b")), ((16, 16), (16, 16)));
}

#[test]
fn what_a_crash_left_is_swept_and_nothing_else() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    commit_each(&platform, &heard, "orders", 0..1);
    let day = day_of(&platform, "orders");
    let lake = platform.lake_root().to_owned();
    drop(platform);
    let id = "0123456789abcdef0123456789abcdef";
    let (registry, rejects) =
        (lake.join("_registry/orders/g1"), lake.join(format!("sluice_rejects/g1/{DAY}")));
    fs::create_dir_all(&rejects).expect("create");
    let left = [
        day.join(format!("merged-{id}.parquet")),
        day.join(format!(".merged-{id}.parquet.tmp")),
        day.join(format!(".{id}.parquet.tmp")),
        rejects.join(format!("merged-{id}.parquet")),
        registry.join(".2.json.tmp"),
        lake.join(format!("_settings/.{id}{id}.yaml.tmp")),
    ];
    let others = [
        day.join(format!("{id}.parquet")),
        day.join("notes.txt"),
        day.join(".notes.tmp"),
        registry.join("2.json.bak"),
        lake.join(".merged-0.parquet.tmp"),
        lake.join(format!("merged-{id}.parquet")),
    ];
    for path in left.iter().chain(&others) {
        fs::write(path, "x").expect("write");
    }
    let (platform, heard) = open(folder.path(), "");
    hear(&heard, |h| *h == Heard::Swept { files: 6 });
    assert_eq!(left.iter().find(|path| path.exists()), None);
    assert_eq!(others.iter().find(|path| !path.exists()), None);
    assert_eq!(rows(&platform, "orders"), (1, 1));
    assert!(registry.join("1.json").exists());
}

#[test]
fn a_registry_that_cannot_be_read_hides_its_table_and_no_other() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (platform, heard) = open(folder.path(), "");
    for table in ["orders", "visits"] {
        commit_each(&platform, &heard, table, 0..1);
    }
    let version = platform.lake_root().join("_registry/orders/g1/1.json");
    drop(platform);
    let whole = fs::read(&version).expect("read");
    fs::write(&version, "{").expect("damage it");
    let (platform, heard) = open(folder.path(), "");
    hear(&heard, |h| is_trouble(h, "show a table"));
    assert!(platform.snapshot().tables.keys().eq(["visits"]));
    accept(&platform, "orders", "later", r#"{"n":2}"#);
    hear(&heard, |h| is_trouble(h, "Stopped"));
    assert_eq!(state(&platform, "later"), DocumentState::Batched);
    let orders = TableName::parse("orders").expect("a table name");
    assert!(block_on(platform.table(&orders)).expect("look").is_some());
    commit_each(&platform, &heard, "visits_too", 0..1);
    drop(platform);

    fs::write(&version, whole).expect("mend it");
    let (platform, heard) = open(folder.path(), "");
    committed(&heard, 1);
    assert_eq!(rows(&platform, "orders"), (2, 2));
}

#[test]
fn one_writer_at_a_time_holds_the_lake() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let lake = LakeFolder::at(folder.path().join("lake"));
    let held = lake.lock().expect("it is free");
    let mut wanted = options(folder.path(), "", None);
    wanted.events = EventSink::none();
    let error = Platform::open(wanted.clone()).expect_err("it is held");
    let OpenError::Held { holder, folder: which } = &error else { panic!("{error}") };
    assert_eq!((*holder, which.as_path()), (Some(std::process::id()), lake.root()));
    drop(held);
    let _platform = Platform::open(wanted).expect("it is free");
    let error = lake.lock().expect_err("the platform holds it");
    assert!(matches!(error, LakeError::Locked { .. }), "{error}");
    assert!(error.to_string().ends_with(&format!("(process {})", std::process::id())), "{error}");
}

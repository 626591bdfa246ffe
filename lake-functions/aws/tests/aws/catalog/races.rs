//! Several writers at once: the catalog only ever goes up.

use super::{catalog, child, column_names, find, parameter, registry, table};
use crate::harness::Emulator;
use sluice_pipeline::{Catalog, Shown};

async fn writers(emulator: Emulator) {
    let name = table("race");
    for round in 0..3 {
        let versions = round * 4 + 1..=round * 4 + 4;
        let shows: Vec<_> = versions
            .clone()
            .chain(versions.clone().rev())
            .map(|version| {
                let mut registry = registry(&name, 1, version);
                registry.tables.push(child(&name, "items"));
                tokio::spawn(async move {
                    catalog(emulator).await.show(&registry).await.expect("show");
                })
            })
            .collect();
        for show in shows {
            show.await.expect("the task ends");
        }
        let highest = *versions.end();
        let shown = catalog(emulator).await.shown(&name, 1).await.expect("shown");
        assert_eq!(shown, Some(Shown { version: highest }));
        for database in ["lake_files", "lake"] {
            let table = find(emulator, database, name.as_str()).await.expect("a table");
            assert_eq!(parameter(&table, "sluice.version"), highest.to_string());
            let last = format!("c{highest}");
            assert!(column_names(&table).contains(&last.as_str()), "{database} lacks {last}");
        }
    }
}

// moto takes an update with a stale VersionId, so a race there can end below: not its test.
#[tokio::test]
async fn the_highest_of_many_writers_holds() {
    writers(Emulator::Ministack).await;
}

#[tokio::test]
async fn a_late_writer_changes_nothing() {
    let emulator = Emulator::Moto;
    let name = table("late");
    catalog(emulator).await.show(&registry(&name, 1, 5)).await.expect("show");
    let before = find(emulator, "lake", name.as_str()).await.expect("a view");
    let late = catalog(emulator).await;
    for version in [4, 5, 1] {
        late.show(&registry(&name, 1, version)).await.expect("show");
    }
    let after = find(emulator, "lake", name.as_str()).await.expect("a view");
    assert_eq!(before, after);
}

#[tokio::test]
async fn children_change_only_with_what_they_are() {
    let emulator = Emulator::Ministack;
    let name = table("kids");
    let with_child = |version| {
        let mut registry = registry(&name, 1, version);
        registry.tables.push(child(&name, "items"));
        registry
    };
    let items = format!("{name}__items");
    let version_of = async |database: &str, table: &str| {
        let table = find(emulator, database, table).await.expect("a table");
        parameter(&table, "sluice.version").to_owned()
    };
    for version in 1..=3 {
        catalog(emulator).await.show(&with_child(version)).await.expect("show");
    }
    for database in ["lake_files", "lake"] {
        assert_eq!(version_of(database, &items).await, "1");
        assert_eq!(version_of(database, name.as_str()).await, "3");
    }
    let mut grown = with_child(4);
    grown.tables[1].columns.push(super::column("y", "/y", "string"));
    catalog(emulator).await.show(&grown).await.expect("show");
    // Whoever still has version 2 does not take the column away.
    catalog(emulator).await.show(&with_child(2)).await.expect("show");
    for database in ["lake_files", "lake"] {
        assert_eq!(version_of(database, &items).await, "4");
        let table = find(emulator, database, &items).await.expect("a table");
        assert!(column_names(&table).contains(&"y"));
    }
}

#[tokio::test]
async fn a_warm_process_asks_nothing_when_nothing_changed() {
    let emulator = Emulator::Moto;
    let name = table("warm");
    let warm = catalog(emulator).await;
    warm.show(&registry(&name, 1, 2)).await.expect("show");
    // Taken away behind its back, a table shows whether anything was asked.
    let glue = emulator.aws().await.glue();
    glue.delete_table().database_name("lake").name(name.as_str()).send().await.expect("delete");
    warm.show(&registry(&name, 1, 2)).await.expect("show");
    warm.show(&registry(&name, 1, 1)).await.expect("show");
    assert!(find(emulator, "lake", name.as_str()).await.is_none());
    warm.show(&registry(&name, 1, 3)).await.expect("show");
    assert!(find(emulator, "lake", name.as_str()).await.is_some());
}

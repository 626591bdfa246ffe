use super::{Home, batch, part, plan, put, table, wait};
use crate::store::{Replaced, Store};
use sluice_normalizer::Report;
use sluice_pipeline::{Ledger, PlannedPart, PortError};

/// Root table, generation and the last step of the key of every part.
fn seen(store: &Store) -> Vec<String> {
    let mut seen = Vec::new();
    let mut visit = |part: crate::store::StoredPart| {
        let name = part.part.key.rsplit('/').next().expect("a name").to_owned();
        seen.push(format!("{} {} {} {name}", part.root, part.generation, part.table));
    };
    store.load_parts(&mut visit).expect("load");
    seen
}

fn commit(store: &Store, document: &str, generation: u32, parts: Vec<PlannedPart>) {
    let batch = batch("orders", generation, &[document]);
    let plan = plan(&batch, parts, Report::default());
    wait(store.claim(&batch, &[])).expect("claim");
    wait(store.create_plan(&plan)).expect("create the plan");
    let committed = wait(store.commit_batch(&batch.id, &plan.parts)).expect("commit");
    assert_eq!((committed.table, committed.generation), (table("orders"), generation));
    let keys: Vec<_> = committed.parts.iter().map(|(_, part)| part.key.clone()).collect();
    assert_eq!(keys, plan.parts.iter().map(|part| part.key.clone()).collect::<Vec<_>>());
    for (_, part) in committed.parts {
        assert_eq!(part.tier, "live");
        assert!(part.key.contains(&part.ingest_date));
    }
}

#[test]
fn parts_are_seen_from_the_commit_on() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["a", "b", "c"]);
    let rejects = |name| part("sluice_rejects", 1, "2026-11-20", name, 1);
    commit(&store, "a", 1, vec![part("orders", 1, "2026-11-20", "1", 1), rejects("1r")]);
    commit(&store, "a", 2, vec![part("orders", 2, "2026-11-20", "2", 1)]);
    let lost = batch("orders", 1, &["b"]);
    let planned = plan(&lost, vec![part("orders", 1, "2026-11-20", "3", 1)], Report::default());
    wait(store.claim(&lost, &[])).expect("claim");
    wait(store.create_plan(&planned)).expect("create the plan");
    // A part that is taken, or whose key nobody could read, undoes the whole commit.
    for key in [part("orders", 1, "2026-11-20", "1", 1).key, "orders/3.parquet".to_owned()] {
        let bad = PlannedPart { key, ..planned.parts[0].clone() };
        let parts = [planned.parts[0].clone(), bad];
        let error = wait(store.commit(&lost.id, &parts)).expect_err("a bad key");
        assert!(matches!(error, PortError::Damaged { .. }), "{error}");
    }
    drop(store);
    let store = home.open();
    let expected = [
        "orders 1 orders 1.parquet",
        "orders 1 sluice_rejects 1r.parquet",
        "orders 2 orders 2.parquet",
    ];
    assert_eq!(seen(&store), expected);
}

#[test]
fn parts_are_replaced_in_one_step() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["a", "b", "c", "d"]);
    let small = |name| part("orders", 1, "2026-11-20", name, 2);
    for (document, name) in [("a", "1"), ("b", "2")] {
        commit(&store, document, 1, vec![small(name)]);
    }
    commit(&store, "c", 1, vec![part("orders", 1, "2026-11-21", "3", 2)]);
    commit(&store, "c", 2, vec![part("orders", 2, "2026-11-20", "4", 2)]);
    let keys = [small("1").key, small("2").key];
    let merged = part("orders", 1, "2026-11-20", "m", 4);
    let other_day = part("orders", 1, "2026-11-21", "3", 2).key;
    let other_generation = part("orders", 2, "2026-11-20", "4", 2).key;
    for (old, new) in [
        (vec![keys[0].clone()], merged.clone()),
        (vec![keys[0].clone(), other_day], merged.clone()),
        (vec![keys[0].clone(), other_generation], merged.clone()),
        (keys.to_vec(), PlannedPart { table: "orders__items".to_owned(), ..merged.clone() }),
    ] {
        let error = wait(store.replace_parts(&old, &new)).expect_err("rows would be lost");
        assert!(matches!(error, PortError::Damaged { .. }), "{error}");
    }
    let before = seen(&store);
    let Replaced::Done(new) = wait(store.replace_parts(&keys, &merged)).expect("replace") else {
        panic!("all are there");
    };
    assert_eq!((new.root, new.generation, new.part.rows), (table("orders"), 1, 4));
    assert_eq!(wait(store.replace_parts(&keys, &merged)).expect("replace"), Replaced::Gone);
    assert_eq!(wait(store.replace_parts(&[], &merged)).expect("replace"), Replaced::Gone);
    let after = seen(&store);
    assert_eq!(after[..2], before[2..]);
    assert_eq!(after[2], "orders 1 orders m.parquet");

    assert_eq!(wait(store.retired_parts()).expect("list"), keys);
    wait(store.forget_parts(&[keys[0].clone(), merged.key])).expect("forget");
    assert_eq!(wait(store.retired_parts()).expect("list"), keys[1..]);
    assert_eq!(seen(&store), after, "what is seen is not forgotten");
}

#[test]
fn old_parts_are_retired_by_date() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["a", "b"]);
    let old = vec![
        part("orders", 1, "2026-11-19", "1", 1),
        part("orders__items", 1, "2026-11-19", "1", 1),
        part("sluice_rejects", 1, "2026-11-19", "1", 1),
    ];
    commit(&store, "a", 1, old.clone());
    commit(&store, "b", 1, vec![part("orders", 1, "2026-11-20", "2", 1)]);
    let mut keys = wait(store.remove_parts_before(&table("orders"), "2026-11-20")).expect("retire");
    keys.sort();
    assert_eq!(keys, old.iter().map(|part| part.key.clone()).collect::<Vec<_>>());
    assert_eq!(seen(&store), ["orders 1 orders 2.parquet"]);
    assert_eq!(wait(store.retired_parts()).expect("list").len(), 3);
    let nobody = wait(store.remove_parts_before(&table("nobody"), "2026-11-20")).expect("retire");
    assert!(nobody.is_empty());
}

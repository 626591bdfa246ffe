use super::{Home, batch, part, plan, put, table, wait};
use crate::store::Store;
use sluice_normalizer::Report;
use sluice_pipeline::{Batch, Ledger, PlannedPart};

const DAY: &str = "2026-11-20";

fn claimed(store: &Store, generation: u32, document: &str) -> Batch {
    let batch = batch("orders", generation, &[document]);
    wait(store.claim(&batch, &[])).expect("claim");
    batch
}

fn commit(store: &Store, batch: &Batch, parts: Vec<PlannedPart>) {
    let plan = plan(batch, parts, Report::default());
    wait(store.create_plan(&plan)).expect("create the plan");
    wait(store.commit(&batch.id, &plan.parts)).expect("commit");
}

fn file(batch: &Batch) -> PlannedPart {
    part("orders", batch.generation, DAY, batch.id.as_str(), 1)
}

#[test]
fn a_file_is_left_over_only_where_that_is_known_for_sure() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["a", "b", "c", "d", "e"]);
    let seen = claimed(&store, 1, "a");
    commit(&store, &seen, vec![file(&seen)]);
    let merged_away = claimed(&store, 1, "b");
    commit(&store, &merged_away, vec![]);
    // Its files are written again.
    let open = claimed(&store, 1, "c");
    let abandoned = claimed(&store, 2, "a");
    let unknown = batch("orders", 1, &["e"]);
    let merged = format!("merged-{}.parquet", unknown.id);
    let name = |batch: &Batch| format!("{}.parquet", batch.id);
    let mut names: Vec<String> =
        [&seen, &merged_away, &open, &abandoned, &unknown].map(name).to_vec();
    names.extend([merged.clone(), "notes.parquet".to_owned(), "b.parquet.bak".to_owned()]);

    let folder = format!("orders/g1/tier=live/ingest_date={DAY}");
    let leftovers =
        |store: &Store, names: Vec<String>| wait(store.leftovers(&folder, names)).expect("look");
    // Of this process: a rebuild may be writing it just now.
    assert_eq!(leftovers(&store, names.clone()), [merged.as_str()]);
    drop(store);
    let store = home.open();
    let expected = [name(&merged_away), name(&abandoned), merged.clone()];
    assert_eq!(leftovers(&store, names.clone()), expected);

    // Retired is known: the merger deletes it once nobody reads it.
    wait(store.remove_parts_before(&table("orders"), "2026-11-21")).expect("retire");
    assert_eq!(leftovers(&store, names.clone()), expected);
    // A part that readers see is missing.
    let late = claimed(&store, 1, "d");
    commit(&store, &late, vec![file(&late)]);
    assert!(leftovers(&store, names.clone()).is_empty());
    names.push(name(&late));
    assert_eq!(leftovers(&store, names).len(), 3);
}

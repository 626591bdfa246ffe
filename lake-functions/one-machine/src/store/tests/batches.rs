use super::{Home, batch, commit, id, part, plan, put, table, wait};
use crate::store::Store;
use sluice_normalizer::{DocumentOutcome, RejectReason, Report, TableReport};
use sluice_pipeline::{Batch, BatchState, Created, Ledger, PortError};
use std::collections::BTreeMap;

#[test]
fn a_batch_comes_back_whole_from_another_process() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["z", "0192d3a4-5b6c-7d8e-9f00-112233445566", "a"]);
    // Not in the order they came.
    let batch = batch("orders", 1, &["a", "z", "0192d3a4-5b6c-7d8e-9f00-112233445566"]);
    wait(store.create_batch(&batch)).expect("create");
    wait(store.claim(&batch, &[])).expect("claim");
    let plan = plan(&batch, vec![part("orders", 1, "2026-11-20", "p", 3)], Report::default());
    wait(store.create_plan(&plan)).expect("create the plan");
    drop(store);

    let store = home.open();
    let found = wait(store.batch(&batch.id)).expect("read").expect("known");
    assert_eq!((&found.batch, found.state), (&batch, BatchState::Open));
    assert_eq!(wait(store.plan(&batch.id)).expect("read"), Some(plan.clone()));
    assert_eq!(wait(store.create_plan(&plan)).expect("create"), Created::Exists);
    let claimed = wait(store.document(&batch.table, 1, &id("z"))).expect("look").expect("claimed");
    assert_eq!((claimed.batch, claimed.outcome), (batch.id, None));
}

#[test]
fn what_does_not_fit_together_is_damage() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["a"]);
    let unknown = batch("orders", 1, &["a", "nobody"]);
    let known = batch("orders", 1, &["a"]);
    let plan = plan(&known, Vec::new(), Report::default());
    let errors = [
        wait(store.create_batch(&unknown)).expect_err("an unknown document"),
        wait(store.claim(&unknown, &[])).expect_err("an unknown document"),
        wait(store.create_plan(&plan)).expect_err("an unknown batch"),
        wait(store.commit(&known.id, &[])).expect_err("an unknown batch"),
        wait(async {
            store.create_batch(&known).await.expect("create");
            store.commit(&known.id, &[]).await.expect_err("no plan")
        }),
        wait(store.record(&plan, &[])).expect_err("no plan"),
        wait(async {
            store.create_plan(&plan).await.expect("create the plan");
            store.record(&plan, &[]).await.expect_err("too few outcomes")
        }),
        wait(store.record(&plan, &[DocumentOutcome::default()])).expect_err("not claimed"),
    ];
    for error in errors {
        assert!(matches!(error, PortError::Damaged { .. }), "{error}");
    }
    assert_eq!(wait(store.batch(&unknown.id)).expect("read"), None);
}

#[test]
fn outcomes_are_seen_with_the_commit() {
    let home = Home::new();
    let store = home.open();
    put(&store, "orders", &["a", "b"]);
    let batch = batch("orders", 1, &["a", "b"]);
    wait(store.claim(&batch, &[])).expect("claim");
    let plan = plan(&batch, Vec::new(), Report::default());
    wait(store.create_plan(&plan)).expect("create the plan");
    let reason = |record, pointer: Option<&str>| RejectReason {
        record,
        code: "schema".to_owned(),
        message: "no number".to_owned(),
        pointer: pointer.map(str::to_owned),
    };
    let reasons = vec![reason(None, None), reason(Some(7), Some("/a~1b"))];
    let outcomes = [
        DocumentOutcome { rows: 3, rejects: 0, reasons: Vec::new() },
        DocumentOutcome { rows: 0, rejects: 9, reasons },
    ];
    let view = |name: &str| wait(store.document_view(&id(name))).expect("look up").expect("known");
    wait(store.record(&plan, &outcomes)).expect("record");
    assert_eq!((view("b").batch, view("b").outcome), (Some(batch.id.clone()), None));
    // A run that overlapped may record again.
    wait(store.record(&plan, &outcomes)).expect("record");
    wait(store.commit(&batch.id, &[])).expect("commit");
    assert_eq!(view("a").outcome.as_ref(), Some(&outcomes[0]));
    assert_eq!(view("b").outcome.as_ref(), Some(&outcomes[1]));
    assert_eq!(wait(store.document_view(&id("c"))).expect("look up"), None);
}

#[test]
fn totals_grow_once_with_each_commit() {
    let home = Home::new();
    let store = home.open();
    assert_eq!(wait(store.totals()).expect("totals"), []);
    put(&store, "orders", &["a", "b", "c"]);
    put(&store, "visits", &["d"]);
    let report = |rows, rejects: &[(&str, u64)]| Report {
        documents: 1,
        rejected_documents: 1,
        records: 5,
        tables: [("orders", rows), ("orders__items", 10)]
            .map(|(name, rows)| TableReport {
                name: name.to_owned(),
                rows,
                columns: 0,
                new_columns: Vec::new(),
            })
            .to_vec(),
        rejects: rejects.iter().map(|(code, n)| ((*code).to_owned(), *n)).collect(),
        conflicts: Vec::new(),
    };
    let committed = |store: &Store, batch: &Batch, report: Report| {
        let plan = plan(batch, Vec::new(), report);
        wait(store.claim(batch, &[])).expect("claim");
        wait(store.create_plan(&plan)).expect("create the plan");
        for newly in [true, false] {
            assert_eq!(wait(store.commit_batch(&batch.id, &[])).expect("commit").newly, newly);
        }
    };
    committed(&store, &batch("orders", 1, &["a"]), report(2, &[("depth", 1)]));
    committed(&store, &batch("orders", 1, &["b"]), report(3, &[("depth", 1), ("schema", 4)]));
    // Another generation is not seen.
    committed(&store, &batch("orders", 2, &["c"]), report(100, &[]));
    commit(&store, &batch("visits", 1, &["d"]));

    let totals = wait(store.totals()).expect("totals");
    let names: Vec<_> = totals.iter().map(|totals| totals.table.as_str()).collect();
    assert_eq!(names, ["orders", "visits"]);
    let orders = wait(store.table_totals(&table("orders"))).expect("totals").expect("some");
    assert_eq!(orders, totals[0]);
    assert_eq!((orders.batches, orders.documents, orders.records), (2, 2, 10));
    assert_eq!((orders.rejected_documents, orders.generation), (2, 1));
    let counts = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
        pairs.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
    };
    assert_eq!(orders.rows, counts(&[("orders", 5), ("orders__items", 20)]));
    assert_eq!(orders.rejects, counts(&[("depth", 2), ("schema", 4)]));
    assert_eq!(wait(store.table_totals(&table("nobody"))).expect("totals"), None);
}

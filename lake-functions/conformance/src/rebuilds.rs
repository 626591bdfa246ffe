//! The contract of [`Rebuilds`].

use crate::given::{id, table};
use sluice_pipeline::{
    Batch, BatchState, Counts, Ledger, Note, Pass, REBUILD_FORMAT, Rebuild, RebuildState, Rebuilds,
    Replayed,
};
use std::collections::BTreeSet;

/// Checks an empty ledger whose list of batches does not lag behind.
///
/// # Panics
/// Where it breaks the port's contract.
pub async fn rebuilds<L: Ledger + Rebuilds>(ledger: &L) {
    revisions(ledger).await;
    lists(ledger).await;
    notes(ledger).await;
    generations(ledger).await;
}

async fn revisions(ledger: &impl Rebuilds) {
    let orders = table("orders");
    assert_eq!(ledger.rebuild(&orders).await.expect("rebuild"), None);
    let first = Rebuild {
        format: REBUILD_FORMAT,
        revision: 1,
        from: 1,
        to: 2,
        state: RebuildState::CatchingUp,
        pass: Pass {
            next: Some("somewhere".to_owned()),
            done: false,
            counts: Counts { batches: 1, documents: 2, removed: 3 },
        },
        counts: Counts::default(),
        without_removed: 4,
        started_at_ms: 5,
        changed_at_ms: Some(6),
        ended_at_ms: None,
    };
    let keep = async |rebuild: &Rebuild| ledger.keep_rebuild(&orders, rebuild).await.expect("keep");
    let kept = async || ledger.rebuild(&orders).await.expect("rebuild");
    let second = Rebuild { revision: 2, state: RebuildState::Dropped, ..first.clone() };
    assert!(!keep(&second).await, "there is no first");
    assert!(keep(&first).await);
    assert!(!keep(&Rebuild { to: 9, ..first.clone() }).await);
    assert_eq!(kept().await, Some(first.clone()));
    assert!(keep(&second).await);
    assert!(!keep(&first).await && !keep(&second).await);
    assert!(!keep(&Rebuild { revision: 4, ..first }).await, "none is left out");
    assert_eq!(kept().await, Some(second));
    assert_eq!(ledger.rebuild(&table("visits")).await.expect("rebuild"), None);
}

async fn lists<L: Ledger + Rebuilds>(ledger: &L) {
    let all = async |name: &str, generation| {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let mut from: Option<String> = None;
        loop {
            let page = ledger.batches_of(&table(name), generation, from.as_deref()).await;
            let page = page.expect("a page");
            for listed in page.batches {
                assert!(seen.insert(listed.id.clone()), "each is listed once");
                found.push((listed.id, listed.replayed));
            }
            from = page.next;
            if from.is_none() {
                found.sort();
                return found;
            }
        }
    };
    assert_eq!(all("orders", 1).await, []);
    let batch = |name: &str, generation, document: &str| {
        Batch::new(table(name), generation, vec![id(document)])
    };
    let mut first: Vec<Batch> = (0..7).map(|n| batch("orders", 1, &format!("d{n}"))).collect();
    let others = [batch("orders", 2, "d0"), batch("visits", 1, "d8")];
    for batch in first.iter().chain(&others) {
        ledger.create_batch(batch).await.expect("create");
    }
    first.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(ledger.batch_state(&first[3].id).await.expect("state"), Some(BatchState::Open));
    ledger.commit(&first[3].id, &[]).await.expect("commit");
    assert_eq!(ledger.batch_state(&first[3].id).await.expect("state"), Some(BatchState::Committed));
    let unknown = batch("orders", 7, "d0").id;
    assert_eq!(ledger.batch_state(&unknown).await.expect("state"), None);
    // Committed or not; the last mark holds.
    let mark = |to| Replayed { to, documents: 5, removed: 1 };
    for to in [2, 3] {
        ledger.keep_replayed(&first[3].id, &mark(to)).await.expect("mark");
    }
    let listed = all("orders", 1).await;
    let expected: Vec<_> = first
        .iter()
        .enumerate()
        .map(|(at, batch)| (batch.id.clone(), (at == 3).then(|| mark(3))))
        .collect();
    assert_eq!(listed, expected);
    assert_eq!(all("orders", 2).await, [(others[0].id.clone(), None)]);
    assert_eq!(all("orders", 3).await, []);
    assert_eq!(all("visits", 1).await, [(others[1].id.clone(), None)]);
}

async fn notes(ledger: &impl Rebuilds) {
    let (orders, visits) = (table("orders"), table("visits"));
    let ids: Vec<_> =
        ["a", "b"].map(|name| Batch::new(orders.clone(), 2, vec![id(name)]).id).to_vec();
    let noted = async |table, generation| {
        let mut noted = ledger.awaited(table, generation).await.expect("awaited");
        noted.sort();
        noted
    };
    let note = async |id, note| ledger.await_batch(&orders, 2, id, note).await.expect("note");
    let forget =
        async |id, note| ledger.forget_awaited(&orders, 2, id, note).await.expect("forget");
    for _ in 0..2 {
        for id in &ids {
            note(id, Note::Intended).await;
        }
    }
    let mut both = ids.clone();
    both.sort();
    assert_eq!(noted(&orders, 2).await, both);
    assert_eq!((noted(&orders, 1).await, noted(&visits, 2).await), (vec![], vec![]));
    for _ in 0..2 {
        assert!(forget(&ids[0], Note::Intended).await);
    }
    assert_eq!(noted(&orders, 2).await, ids[1..]);
    // Somebody was about to make a batch, and has: what others read before is no reason to forget it.
    note(&ids[1], Note::Made).await;
    note(&ids[1], Note::Intended).await;
    assert!(!forget(&ids[1], Note::Intended).await);
    assert_eq!(noted(&orders, 2).await, ids[1..]);
    note(&ids[0], Note::Made).await;
    for id in &ids {
        assert!(forget(id, Note::Made).await);
    }
    assert_eq!(noted(&orders, 2).await, []);
}

async fn generations<L: Ledger + Rebuilds>(ledger: &L) {
    let orders = table("orders");
    let change =
        async |from, to| ledger.change_generation(&orders, from, to).await.expect("change");
    assert!(!change(2, 3).await);
    assert!(change(1, 2).await);
    // Its answer may have been lost.
    assert!(change(1, 2).await);
    assert!(!change(1, 3).await);
    assert_eq!(ledger.generation(&orders).await.expect("generation"), 2);
    assert!(change(2, 5).await);
    assert_eq!(ledger.generation(&orders).await.expect("generation"), 5);
}

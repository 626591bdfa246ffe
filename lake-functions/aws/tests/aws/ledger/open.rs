//! What redrive and sweep ask.

use super::{batch, id, ledger, table, uuid};
use crate::harness::Emulator;
use sluice_aws::SweepCursor;
use sluice_pipeline::{Batch, Ledger, OpenBatch, OpenBatches, Rebuilds};
use std::collections::BTreeSet;

#[tokio::test]
async fn open_batches_conform() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let (ledger, _) = ledger(emulator).await;
        sluice_conformance::open_batches(&ledger, &ledger).await;
    }
}

#[tokio::test]
async fn open_batches_come_in_pages_oldest_first() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let (ledger, _) = ledger(emulator).await;
        let mut made = Vec::new();
        for number in 0..130 {
            let batch = batch(&[uuid(number)]);
            ledger.create_batch(&batch).await.expect("create");
            made.push(batch.id);
        }
        ledger.commit(&made[7], &[]).await.expect("commit");
        let (mut found, mut sizes, mut from) = (Vec::new(), Vec::new(), None);
        loop {
            let page = ledger.open_batches(i64::MAX, from.as_deref()).await.expect("a page");
            sizes.push(page.batches.len());
            found.extend(page.batches);
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(sizes, [100, 29], "{emulator:?}");
        let first = OpenBatch { table: table("orders"), generation: 1, id: made[0].clone() };
        assert_eq!(found[0], first, "{emulator:?}");
        let all: BTreeSet<_> = found.into_iter().map(|open| open.id).collect();
        let expected = made.iter().filter(|id| **id != made[7]).cloned();
        assert_eq!(all, expected.collect::<BTreeSet<_>>());
        let error = ledger.open_batches(i64::MAX, Some("elsewhere")).await.expect_err("no page");
        assert!(error.to_string().starts_with("list open batches"), "{error}");
    }
}

#[tokio::test]
async fn claims_are_found_by_the_document_alone() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let (ledger, _) = ledger(emulator).await;
        let ids: Vec<_> = (0..200).map(|number| id(&uuid(number))).collect();
        let of = |name, generation, at: usize| {
            Batch::new(table(name), generation, vec![ids[at].clone()])
        };
        for claim in [of("orders", 1, 3), of("visits", 2, 70), of("orders", 7, 199)] {
            ledger.claim(&claim, &[]).await.expect("claim");
        }
        let claimed = ledger.claimed(&ids).await.expect("look");
        let found: Vec<_> = (0..200).filter(|&at| claimed[at]).collect();
        assert_eq!(found, [3, 70, 199], "{emulator:?}");
        // A claim of a generation that a rebuild took the place of does not count.
        let orders = table("orders");
        assert!(ledger.change_generation(&orders, 1, 2).await.expect("change"));
        let claimed = ledger.claimed(&ids).await.expect("look");
        let found: Vec<_> = (0..200).filter(|&at| claimed[at]).collect();
        assert_eq!(found, [70, 199], "{emulator:?}");
        // Not the start of another id.
        assert_eq!(ledger.claimed(&[id(&uuid(3)[..30])]).await.expect("look"), [false]);
    }
}

#[tokio::test]
async fn the_sweep_is_where_it_was() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let (ledger, _) = ledger(emulator).await;
        assert_eq!(ledger.sweep_cursor().await.expect("look"), None);
        let manifest = "inventory/2026-11-20T01-00Z/manifest.json".to_owned();
        let mut cursor = SweepCursor { manifest, days: 7, file: 2, row: 1 << 40, done: false };
        for done in [false, true] {
            cursor.done = done;
            ledger.keep_sweep_cursor(&cursor).await.expect("keep");
            assert_eq!(ledger.sweep_cursor().await.expect("look"), Some(cursor.clone()));
        }
    }
}

#[tokio::test]
async fn a_death_is_told_once_for_each_send() {
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let (ledger, _) = ledger(emulator).await;
        let known = batch(&[uuid(1)]);
        ledger.create_batch(&known).await.expect("create");
        assert_eq!(ledger.death_told(&known.id).await.expect("look"), 0);
        for (sends, told) in [(1, 1), (3, 3), (2, 3)] {
            ledger.keep_death_told(&known.id, sends).await.expect("keep");
            assert_eq!(ledger.death_told(&known.id).await.expect("look"), told);
        }
        // A batch that nobody made is not made by its death.
        let unknown = batch(&[uuid(2)]).id;
        ledger.keep_death_told(&unknown, 1).await.expect("nothing to keep");
        assert_eq!(ledger.batch(&unknown).await.expect("look"), None);
        assert_eq!(ledger.death_told(&unknown).await.expect("look"), 0);
    }
}

use super::{Home, TODAY_MS, document, id, put, table, wait};
use crate::store::{Busy, Store, StoreOptions};
use futures::future::{join, join_all, join3};
use sluice_normalizer::{Encoding, Form};
use sluice_pipeline::{DocumentHead, IngressStore, PortError, Put, StoredDocument};
use std::error::Error;
use std::sync::mpsc;

#[test]
fn many_posts_share_a_commit_and_all_are_there_after_a_restart() {
    const THREADS: usize = 200;
    const EACH: usize = 5;
    let home = Home::new();
    let store = home.open();
    let name = |thread: usize, n: usize| format!("00000000-0000-4000-8000-{thread:06}{n:06}");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = store.clone();
            scope.spawn(move || {
                for n in 0..EACH {
                    let text = name(thread, n);
                    let document = document("orders", &text, text.as_bytes());
                    assert_eq!(wait(store.put(document)).expect("put"), Put::Stored);
                }
            });
        }
    });
    let figures = store.figures();
    assert_eq!(figures.writes, (THREADS * EACH) as u64);
    assert!(figures.transactions < figures.writes / 4, "{figures:?}");
    drop(store);

    let store = home.open();
    let ids: Vec<_> = (0..THREADS).flat_map(|t| (0..EACH).map(move |n| id(&name(t, n)))).collect();
    let found = wait(store.get_all(&ids)).expect("get");
    for (id, found) in ids.iter().zip(found) {
        let found = found.expect("it was accepted");
        assert_eq!((found.head.id, found.body), (id.clone(), id.as_str().as_bytes().to_vec()));
    }
}

#[test]
fn the_first_body_wins_and_everything_comes_back() {
    let home = Home::new();
    let store = home.open();
    let first = StoredDocument {
        head: DocumentHead {
            id: id("0192D3A4-5b6c-7d8e-9f00-112233445566"),
            table: table("orders"),
            received_at_ms: TODAY_MS + 7,
            principal: Some("jürgen".to_owned()),
            form: Form::Ndjson,
            encoding: Encoding::Gzip,
            bytes: 3,
            fault: None,
        },
        body: vec![0, 255, 1],
    };
    assert_eq!(wait(store.put(first.clone())).expect("put"), Put::Stored);
    let other = StoredDocument { body: vec![9], ..first.clone() };
    let other = StoredDocument { head: DocumentHead { table: table("x"), ..other.head }, ..other };
    assert_eq!(wait(store.put(other)).expect("put"), Put::Taken(first.head.clone()));
    // The same UUID in another spelling is another id.
    put(&store, "orders", &["0192d3a4-5b6c-7d8e-9f00-112233445566"]);
    drop(store);
    let store = home.open();
    assert_eq!(wait(store.get(&first.head.id)).expect("get"), Some(first));
    assert_eq!(wait(store.get(&id("0192D3A4-5B6C-7D8E-9F00-112233445566"))).expect("get"), None);
}

/// Holds up the writer until the sender is dropped.
fn hold(store: &Store) -> (mpsc::Sender<()>, std::thread::JoinHandle<()>) {
    let (release, held) = mpsc::channel::<()>();
    let (started, start) = mpsc::channel();
    let store = store.clone();
    let holder = std::thread::spawn(move || {
        let hold = store.write("hold".to_owned(), move |_| {
            started.send(()).expect("somebody waits");
            let _ = held.recv();
            Ok(())
        });
        wait(hold).expect("hold");
    });
    start.recv().expect("the writer is held");
    (release, holder)
}

#[test]
fn too_much_waiting_is_refused_at_once_and_told_apart() {
    let home = Home::new();
    let options = StoreOptions { queued_bytes_max: 100, queued_puts_max: 10, ..home.options() };
    let store = Store::open(&home.path(), options).expect("open");
    let (release, holder) = hold(&store);
    let large = store.put(document("orders", "large", &[b' '; 101]));
    let small = store.put(document("orders", "small", b" "));
    let both = std::thread::scope(|scope| {
        let both = scope.spawn(|| wait(join(large, small)));
        while store.figures().queued_puts < 1 {
            std::thread::yield_now();
        }
        // The writer is held: this answer cannot come from it.
        let error = wait(store.put(document("orders", "third", b" "))).expect_err("no room");
        assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
        assert!(error.source().expect("a cause").is::<Busy>(), "{error:?}");
        drop(release);
        both.join().expect("no panic")
    });
    assert_eq!(both.0.expect("it was alone"), Put::Stored);
    both.1.expect_err("it came second");
    holder.join().expect("no panic");
    assert_eq!(store.figures().queued_bytes, 0);
    put(&store, "orders", &["small"]);
}

#[test]
fn one_group_keeps_what_is_good_in_it() {
    let home = Home::new();
    let store = home.open();
    let (release, holder) = hold(&store);
    let before = store.figures().transactions;
    let bad = async {
        store
            .write("break a rule".to_owned(), |transaction| {
                let table = transaction.table(&table("forgotten"))?;
                let sql = "INSERT INTO claims (table_id, generation, seq, batch)
                    VALUES (?1, 1, 1, 999)";
                transaction.connection.execute(sql, [table])?;
                let twice = "INSERT INTO watermark (only_row, dispatched_seq) VALUES (1, 0)";
                transaction.connection.execute(twice, [])?;
                Ok(())
            })
            .await
    };
    let puts = |names: [&'static str; 2], table: &'static str| {
        let put = |name: &str| store.put(document(table, name, name.as_bytes()));
        join_all(names.map(put))
    };
    // Polled in order: before the bad one, itself, and behind it.
    let (first, bad, last) = std::thread::scope(|scope| {
        let all =
            scope.spawn(|| wait(join3(puts(["a", "b"], "t"), bad, puts(["c", "d"], "forgotten"))));
        while store.figures().queued_puts < 4 {
            std::thread::yield_now();
        }
        drop(release);
        all.join().expect("no panic")
    });
    holder.join().expect("no panic");
    assert!(matches!(bad, Err(PortError::Damaged { .. })), "{bad:?}");
    for put in first.into_iter().chain(last) {
        assert_eq!(put.expect("its neighbours are good"), Put::Stored);
    }
    assert_eq!(store.figures().transactions, before + 2, "the held one and the group");
    let found = wait(store.get(&id("d"))).expect("get").expect("kept");
    assert_eq!(found.head.table, table("forgotten"));
}

use super::{Home, TODAY_MS, batch, put, wait};
use crate::store::Store;
use sluice_pipeline::{BatchMessage, Delivery, Ledger, Receipt, WorkQueue};
use std::time::Duration;

fn send(store: &Store, table: &str, document: &str) -> BatchMessage {
    put(store, table, &[document]);
    let batch = batch(table, 1, &[document]);
    wait(store.create_batch(&batch)).expect("create");
    let message = BatchMessage { table: batch.table, batch: batch.id, send: 0 };
    wait(store.send(&message)).expect("send");
    message
}

fn receive(store: &Store) -> Option<Delivery> {
    wait(store.receive()).expect("receive")
}

#[test]
fn a_table_waits_for_its_first_message_and_no_other() {
    let home = Home::new();
    let store = home.open();
    assert_eq!(wait(store.next_due_at_ms()).expect("look"), None);
    let (a1, a2) = (send(&store, "a", "1"), send(&store, "a", "2"));
    let b1 = send(&store, "b", "3");
    assert_eq!(wait(store.next_due_at_ms()).expect("look"), Some(0), "at once");

    let first = receive(&store).expect("due");
    assert_eq!(first.message, a1);
    wait(store.release(&first.receipt, Duration::from_secs(60))).expect("release");
    let second = receive(&store).expect("due");
    assert_eq!(second.message, b1);
    assert_eq!(receive(&store), None);
    // a2 is behind a1, b1 is out.
    assert_eq!(wait(store.next_due_at_ms()).expect("look"), Some(TODAY_MS + 60_000));
    wait(store.delete(&second.receipt)).expect("delete");

    home.pass_ms(59_999);
    assert_eq!(receive(&store), None);
    home.pass_ms(1);
    let again = receive(&store).expect("due");
    assert_eq!((&again.message, again.receives), (&a1, 2));
    wait(store.delete(&first.receipt)).expect("an old receipt");
    wait(store.delete(&Receipt("nonsense".to_owned()))).expect("no receipt");
    assert_eq!(receive(&store), None);
    wait(store.delete(&again.receipt)).expect("delete");
    assert_eq!(receive(&store).expect("due").message, a2);
}

#[test]
fn a_clock_that_steps_back_stops_no_table() {
    let home = Home::new();
    let store = home.open();
    home.pass_ms(3_600_000);
    let a1 = send(&store, "a", "1");
    let b1 = send(&store, "b", "2");
    let first = receive(&store).expect("due");
    assert_eq!(first.message, a1);
    wait(store.release(&first.receipt, Duration::from_secs(5))).expect("release");
    home.pass_ms(-3_600_000);
    // Nobody asked for an hour: it is due.
    let again = receive(&store).expect("due");
    assert_eq!((&again.message, again.receives), (&a1, 2));
    assert_eq!(receive(&store).expect("due").message, b1);

    // Nor does anybody get more than the longest delay.
    wait(store.release(&again.receipt, Duration::from_secs(3_600))).expect("release");
    assert_eq!(receive(&store), None);
    home.pass_ms(60_000);
    let third = receive(&store).expect("due");
    assert_eq!((&third.message, third.receives), (&a1, 3));

    // After a restart all are, the clock a little back or not.
    wait(store.release(&third.receipt, Duration::from_secs(50))).expect("release");
    home.pass_ms(-5_000);
    assert_eq!(receive(&store), None);
    drop(store);
    assert_eq!(receive(&home.open()).expect("due").message, a1);
}

#[test]
fn a_message_sent_again_while_it_is_there_is_one_message() {
    let home = Home::new();
    let store = home.open();
    let message = send(&store, "a", "1");
    wait(store.send(&message)).expect("send");
    let delivery = receive(&store).expect("due");
    wait(store.delete(&delivery.receipt)).expect("delete");
    assert_eq!(receive(&store), None);
}

#[test]
fn what_is_set_aside_holds_up_nobody_and_can_be_sent_again() {
    let home = Home::new();
    let store = home.open();
    let (a1, a2) = (send(&store, "a", "1"), send(&store, "a", "2"));
    let first = receive(&store).expect("due");
    wait(store.set_aside(&first.receipt)).expect("set aside");
    assert_eq!(wait(store.set_aside_count()).expect("count"), 1);
    let second = receive(&store).expect("due");
    assert_eq!(second.message, a2);
    drop(store);

    // A restart alone does not bring it back, nor takes it for lost.
    let store = home.open();
    let second = receive(&store).expect("it was out");
    assert_eq!((&second.message, second.receives), (&a2, 2));
    assert_eq!(wait(store.uncommitted_batches()).expect("look"), []);
    wait(store.release(&second.receipt, Duration::ZERO)).expect("release");

    assert_eq!(wait(store.redrive_set_aside()).expect("redrive"), 1);
    let again = receive(&store).expect("due");
    assert_eq!((again.message, again.receives), (BatchMessage { send: 1, ..a1 }, 1));
    assert_eq!(wait(store.set_aside_count()).expect("count"), 0);
}

#[test]
fn tables_that_wait_are_counted_once() {
    let home = Home::new();
    let store = home.open();
    let due = |store: &Store| wait(store.tables_due(TODAY_MS)).expect("count");
    assert_eq!(due(&store), 0);
    for (table, document) in [("a", "1"), ("a", "2"), ("b", "3"), ("b", "4")] {
        send(&store, table, document);
    }
    assert_eq!(due(&store), 2);
    let delivery = receive(&store).expect("a message");
    assert_eq!(due(&store), 1);
    // What waits for a while is not due, nor what is behind it.
    wait(store.release(&delivery.receipt, Duration::from_secs(5))).expect("release");
    assert_eq!(due(&store), 1);
}

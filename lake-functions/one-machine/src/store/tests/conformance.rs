use super::{Home, batch, document, id, wait};
use sluice_pipeline::{IngressStore, Ledger, Trial};

#[test]
fn the_store_does_what_its_ports_promise() {
    let homes = [Home::new(), Home::new(), Home::new(), Home::new()];
    let [ingress, ledger, queue, catalog] = homes.each_ref().map(Home::open);
    wait(sluice_conformance::ingress_store(&ingress));
    wait(sluice_conformance::ledger(&ledger, &ledger));
    wait(sluice_conformance::work_queue(&queue));
    wait(sluice_conformance::catalog(&catalog));
}

#[test]
fn a_store_of_format_1_is_upgraded() {
    let home = Home::new();
    let store = home.open();
    wait(store.put(document("orders", "a", b"{}"))).expect("put");
    drop(store);
    let connection = rusqlite::Connection::open(home.path()).expect("open the file");
    connection.execute_batch("DROP TABLE trials; PRAGMA user_version = 1").expect("downgrade");
    drop(connection);

    for _ in 0..2 {
        let store = home.open();
        assert!(wait(store.get(&id("a"))).expect("get").is_some());
        let batch = batch("orders", 1, &["a"]);
        wait(store.create_batch(&batch)).expect("create");
        let trial = Trial { build: "1".to_owned(), ..Trial::default() };
        wait(store.keep_trial(&batch.id, &trial)).expect("keep");
        assert_eq!(wait(store.trial(&batch.id)).expect("look"), Some(trial));
    }
}

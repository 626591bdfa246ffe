//! The adapters of one machine pass the suites of the ports.

use futures::executor::block_on;
use sluice_conformance::{catalog, ingress_store, lake_store, ledger, work_queue};
use sluice_one_machine::{Clock, LakeFolder, Store, StoreOptions};

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let clock = Clock::new(|| 1_795_132_800_000);
    let store = Store::open(&folder.path().join("sluice.db"), StoreOptions::new(clock));
    (folder, store.expect("open"))
}

#[test]
fn the_ingress_store_conforms() {
    let (_folder, store) = store();
    block_on(ingress_store(&store));
}

#[test]
fn the_queue_conforms() {
    let (_folder, store) = store();
    block_on(work_queue(&store));
}

#[test]
fn the_ledger_conforms() {
    let (_folder, store) = store();
    block_on(ledger(&store, &store));
}

#[test]
fn the_lake_conforms() {
    let folder = tempfile::tempdir().expect("temporary folder");
    block_on(lake_store(&LakeFolder::at(folder.path().join("lake"))));
}

#[test]
fn the_catalog_conforms() {
    let (_folder, store) = store();
    block_on(catalog(&store));
}

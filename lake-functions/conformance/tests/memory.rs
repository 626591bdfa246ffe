//! The fakes pass the suites that the real adapters pass.

use futures::executor::block_on;
use sluice_conformance::{
    Memory, catalog, dead_letters, dead_letters_given, ingress_store, lake_store, lanes, ledger,
    open_batches, rebuilds, work_queue,
};

#[test]
fn the_ingress_store_conforms() {
    block_on(ingress_store(&Memory::default()));
}

#[test]
fn the_queue_conforms() {
    block_on(work_queue(&Memory::default()));
}

#[test]
fn the_queue_has_lanes() {
    block_on(lanes(&Memory::default()));
}

#[test]
fn the_rebuilds_conform() {
    block_on(rebuilds(&Memory::default()));
}

#[test]
fn the_ledger_conforms() {
    let memory = Memory::default();
    block_on(ledger(&memory, &memory));
}

#[test]
fn the_lake_conforms() {
    block_on(lake_store(&Memory::default()));
}

#[test]
fn the_catalog_conforms() {
    block_on(catalog(&Memory::default()));
}

#[test]
fn the_dead_letters_conform() {
    let memory = Memory::default();
    for message in dead_letters_given() {
        memory.bury(&message);
    }
    block_on(dead_letters(&memory));
}

#[test]
fn the_open_batches_conform() {
    let memory = Memory::default();
    block_on(open_batches(&memory, &memory));
}

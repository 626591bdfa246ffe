//! The simulated ports pass the suites that the real adapters pass.

use futures::executor::block_on;
use sluice_conformance::{
    catalog, ingress_store, lake_store, lanes, ledger, open_batches, rebuilds, work_queue,
};
use sluice_simulation::{Ports, World};

fn ports() -> Ports {
    Ports::new(&World::calm())
}

#[test]
fn the_ingress_store_conforms() {
    block_on(ingress_store(&ports()));
}

#[test]
fn the_queue_conforms() {
    block_on(work_queue(&ports()));
}

#[test]
fn the_queue_has_lanes() {
    block_on(lanes(&ports()));
}

#[test]
fn the_ledger_conforms() {
    let ports = ports();
    block_on(ledger(&ports, &ports));
}

#[test]
fn the_open_batches_conform() {
    let ports = ports();
    block_on(open_batches(&ports, &ports));
}

#[test]
fn the_rebuilds_conform() {
    block_on(rebuilds(&ports()));
}

#[test]
fn the_lake_conforms() {
    block_on(lake_store(&ports()));
}

#[test]
fn the_catalog_conforms() {
    block_on(catalog(&ports()));
}

#[test]
fn the_dead_letters_conform() {
    let world = World::calm();
    for message in sluice_conformance::dead_letters_given() {
        world.bury(message);
    }
    block_on(sluice_conformance::dead_letters(&Ports::new(&world)));
}

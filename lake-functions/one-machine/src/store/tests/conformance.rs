use super::{Home, wait};

#[test]
fn the_store_does_what_its_ports_promise() {
    let homes = [Home::new(), Home::new(), Home::new(), Home::new()];
    let [ingress, ledger, queue, catalog] = homes.each_ref().map(Home::open);
    wait(sluice_conformance::ingress_store(&ingress));
    wait(sluice_conformance::ledger(&ledger, &ledger));
    wait(sluice_conformance::work_queue(&queue));
    wait(sluice_conformance::catalog(&catalog));
}

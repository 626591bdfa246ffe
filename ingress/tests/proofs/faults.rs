//! The disk below a running server fails for a while.

use crate::api::{Api, Told, document_path, text, until};
use crate::ledger::Ledger;
use crate::posting::{Plan, Posting};
use crate::proof::prove;
use crate::server::{Home, Server};
use crate::shim::{Disk, Fault};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Refusals until the disk works again.
const REFUSALS: u64 = 60;

/// Accepted documents before and after.
const ACCEPTED: u64 = 40;

/// Documents of a client, more than it can send meanwhile.
const DOCUMENTS_MAX: u64 = 50_000;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    fails_and_works_again(Fault::Full, 1);
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_a_write_loses_nothing() {
    fails_and_works_again(Fault::Torn, 2);
}

#[test]
fn a_disk_that_cannot_sync_refuses_and_loses_nothing() {
    fails_and_works_again(Fault::Sync, 3);
}

#[test]
fn a_server_starts_on_a_full_disk_or_says_why_not() {
    let home = Home::new();
    let disk = Disk::compile(&home);
    let mut ledger = Ledger::default();
    let server = home.start();
    post_some(&server, 0, 4, &mut ledger);
    server.kill();
    disk.fails(Fault::Full);
    let starting = home.spawn(&disk.environment());
    if let Some(mut server) = starting.listening_or_refused() {
        still_answers(server.api, &ledger);
        server.check_alive();
        server.kill();
    }
    disk.works();
    let server = home.spawn(&disk.environment()).listening();
    server.api.wait_until_idle();
    prove(server.api, &home.data(), &ledger);
}

fn fails_and_works_again(fault: Fault, seed: u64) {
    let began = Instant::now();
    let home = Home::new();
    let disk = Disk::compile(&home);
    let mut ledger = Ledger::default();
    let mut server = home.spawn(&disk.environment()).listening();

    let posting =
        post_into_fault(&server, &disk, fault, Plan { seed, run: 0, documents_max: DOCUMENTS_MAX });
    still_answers(server.api, &ledger);
    disk.works();
    let accepted = posting.accepted();
    until("posts are accepted again", PATIENCE, || posting.accepted() >= accepted + ACCEPTED);
    assert!(!posting.is_over(), "a connection was cut off");
    posting.finish(&mut ledger);
    server.check_alive();
    server.api.wait_until_idle();
    let first = prove(server.api, &home.data(), &ledger);
    check_refused(fault, &ledger, &first.refused);
    println!(
        "{fault:?}, works again: {:?}, {first:?}, {} calls failed, {:.1} s",
        ledger.counts(),
        disk.failed(),
        began.elapsed().as_secs_f64()
    );

    let posting =
        post_into_fault(&server, &disk, fault, Plan { seed, run: 1, documents_max: DOCUMENTS_MAX });
    still_answers(server.api, &ledger);
    server.kill();
    posting.finish(&mut ledger);
    let server = home.start();
    post_some(&server, 2, 4, &mut ledger);
    server.api.wait_until_idle();
    let second = prove(server.api, &home.data(), &ledger);
    home.check_log();
    println!(
        "{fault:?}, killed: {:?}, {second:?}, {} calls failed, {:.1} s",
        ledger.counts(),
        disk.failed(),
        began.elapsed().as_secs_f64()
    );
}

/// Clients that post until so many documents were refused.
fn post_into_fault(server: &Server, disk: &Disk, fault: Fault, plan: Plan) -> Posting {
    let failed = disk.failed();
    let posting = Posting::start(server.api, plan, &[]);
    until("posts are accepted", PATIENCE, || posting.accepted() >= ACCEPTED);
    disk.fails(fault);
    until("posts are refused", PATIENCE, || posting.refused() >= REFUSALS);
    assert!(disk.failed() > failed, "the disk did not fail");
    assert!(!posting.is_over(), "a connection was cut off");
    posting
}

fn post_some(server: &Server, run: u64, documents_max: u64, ledger: &mut Ledger) {
    let plan = Plan { seed: 7, run, documents_max };
    let posting = Posting::start(server.api, plan, &ledger.open_puts());
    until("posts end", PATIENCE, || posting.is_over());
    assert_eq!(posting.refused(), 0, "the disk works");
    posting.finish(ledger);
}

/// Reading needs no room on the disk.
fn still_answers(api: Api, ledger: &Ledger) {
    let health = api.get("/health");
    assert!([200, 503].contains(&health.status), "{}", text(&health));
    let value: Value = serde_json::from_slice(&health.body).expect("health is JSON");
    assert_eq!(value["success"], health.status == 200, "{value}");
    assert_eq!(api.sql("SELECT 1 AS one")[0]["one"], 1);
    assert_eq!(api.sql("SELECT count(*) AS n FROM sluice_rejects").len(), 1);
    assert_eq!(api.get("/metrics").status, 200);
    api.data("/tables");
    if let Some((table, id)) = ledger.accepted().next() {
        Told::of(&api.get(&document_path(table, id)));
    }
}

/// `storage_full` says that nothing was stored. A sync that failed leaves that open: what was
/// written may be found after a restart.
fn check_refused(fault: Fault, ledger: &Ledger, stored: &BTreeMap<String, u64>) {
    let counts = ledger.counts();
    assert!(!counts.contains_key("no answer"), "every post was answered: {counts:?}");
    assert_eq!(stored.get("storage_full").copied().unwrap_or(0), 0, "refused and stored");
    if fault == Fault::Full {
        assert!(counts.contains_key("storage_full"), "a full disk is told as such: {counts:?}");
    }
}

//! The disk below a running server fails for a while.

use crate::api::{Api, Told, document_path, text, until};
use crate::ledger::Ledger;
use crate::posting::{Plan, Posting};
use crate::proof::{Proved, prove};
use crate::server::{Home, Server};
use crate::shim::{Disk, Fault};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often the disk fails below one server.
const FAULTS: usize = 6;

/// Refusals until the disk works again.
const REFUSALS: u64 = 30;

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
    let home = Home::new();
    let disk = Disk::compile(&home);
    let trial = Trial { home, disk, fault, seed, began: Instant::now() };
    let mut ledger = Ledger::default();
    let mut server = trial.home.spawn(&trial.disk.environment()).listening();

    let posting = trial.post(&server, 0);
    for _ in 0..FAULTS {
        trial.fail_under(&server, &posting);
        still_answers(server.api, &ledger);
        trial.disk.works();
        let accepted = posting.accepted();
        until("posts are accepted again", PATIENCE, || posting.accepted() >= accepted + ACCEPTED);
    }
    assert!(!posting.is_over(), "a connection was cut off");
    posting.finish(&mut ledger);
    server.check_alive();
    // Without a restart.
    server.api.wait_until_idle();
    let proved = prove(server.api, &trial.home.data(), &ledger);
    check_refused(fault, &ledger, &proved.refused);
    trial.tell("works again", &ledger, &proved);

    let posting = trial.post(&server, 1);
    trial.fail_under(&server, &posting);
    still_answers(server.api, &ledger);
    server.kill();
    posting.finish(&mut ledger);
    let server = trial.home.start();
    post_some(&server, 2, 4, &mut ledger);
    server.api.wait_until_idle();
    let proved = prove(server.api, &trial.home.data(), &ledger);
    trial.home.check_log();
    trial.tell("killed", &ledger, &proved);
}

/// One folder on one disk.
struct Trial {
    home: Home,
    disk: Disk,
    fault: Fault,
    seed: u64,
    began: Instant,
}

impl Trial {
    fn post(&self, server: &Server, run: u64) -> Posting {
        let plan = Plan { seed: self.seed, run, documents_max: DOCUMENTS_MAX };
        Posting::start(server.api, plan, &[])
    }

    /// Lets the disk fail while batches are at work, until posts were refused and the work in the
    /// background failed too. The disk goes on failing.
    fn fail_under(&self, server: &Server, posting: &Posting) {
        let batches = || server.api.metric("sluice_batches_total");
        let before = batches();
        until("batches are at work", PATIENCE, || batches() > before);
        let (failed, told, refused) =
            (self.disk.failed(), self.background_failures(), posting.refused());
        self.disk.fails(self.fault);
        until("posts are refused", PATIENCE, || posting.refused() >= refused + REFUSALS);
        let background = || self.background_failures() > told;
        until("work in the background fails", PATIENCE, background);
        assert!(self.disk.failed() > failed, "the disk did not fail");
        assert!(!posting.is_over(), "a connection was cut off");
    }

    /// How often the log tells of work that will be tried again.
    fn background_failures(&self) -> usize {
        let log = std::fs::read_to_string(self.home.path("server.log")).expect("the log is text");
        let is_told = |line: &&str| {
            ["\"event\":\"failed\"", "\"event\":\"batch_failed\""]
                .iter()
                .any(|event| line.contains(event))
        };
        log.lines().filter(is_told).count()
    }

    fn tell(&self, how: &str, ledger: &Ledger, proved: &Proved) {
        let (fault, seconds) = (self.fault, self.began.elapsed().as_secs_f64());
        let (counts, failed) = (ledger.counts(), self.disk.failed());
        println!("{fault:?}, {how}: {counts:?}, {proved:?}, {failed} calls failed, {seconds:.1} s");
    }
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

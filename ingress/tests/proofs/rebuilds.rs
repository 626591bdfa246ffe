//! The server is killed at any moment while posts arrive and tables are rebuilt, switched and
//! retained.
//!
//! `SLUICE_CRASH_ROUNDS`: how often (default 6). `SLUICE_CRASH_SEED`: as for `crash.rs`.

use crate::api::Api;
use crate::crash::{number, seed_of_the_clock};
use crate::documents::TABLES;
use crate::ledger::Ledger;
use crate::posting::{Plan, Posting};
use crate::proof::prove;
use crate::reader::corpus::Seeded;
use crate::server::Home;
use crate::states::States;
use crate::wire::{Connection, Request};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::time::{Duration, Instant};

const ROUNDS: u64 = 6;

/// Documents that a client sends between two kills at most: proofs look at each.
const DOCUMENTS_OF_A_CLIENT: u64 = 30;

/// Longest life of a server.
const LIFE_MAX: Duration = Duration::from_millis(1_500);

/// Today is kept, so retention looks at everything and removes nothing.
const SETTINGS: &str = "tables: {alpha: {retention: {row_days: 0, document_days: 0}}, \
    beta_2: {retention: {row_days: 0, document_days: 0}}}\n";

/// What was asked for, and how often it was answered so.
type Answers = BTreeMap<(&'static str, u16), u64>;

#[test]
fn nothing_is_lost_or_twice_however_often_it_is_killed_during_rebuilds() {
    let rounds = number("SLUICE_CRASH_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("SLUICE_CRASH_SEED").unwrap_or_else(seed_of_the_clock);
    println!("SLUICE_CRASH_SEED={seed} SLUICE_CRASH_ROUNDS={rounds}");
    let began = Instant::now();
    let mut seeded = Seeded::new(seed);
    let home = Home::new();
    fs::write(home.path("sluice.yaml"), SETTINGS).expect("write settings");
    let (mut ledger, mut states) = (Ledger::default(), States::default());
    let mut answers = Answers::new();
    for run in 0..rounds {
        let server = home.start();
        let plan = Plan { seed, run, documents_max: DOCUMENTS_OF_A_CLIENT };
        let posting = Posting::start(server.api, plan, &ledger.open_puts());
        let asking: Vec<_> = (0..2)
            .map(|asker| {
                let (api, seeded) = (server.api, Seeded::new(seed ^ (run * 2 + asker)));
                std::thread::spawn(move || ask_until_killed(api, seeded))
            })
            .collect();
        let life_us = seeded.below(usize::try_from(LIFE_MAX.as_micros()).expect("seconds"));
        std::thread::sleep(Duration::from_micros(life_us as u64));
        server.kill();
        posting.finish(&mut ledger);
        for asker in asking {
            for (asked, count) in asker.join().expect("no panic") {
                *answers.entry(asked).or_default() += count;
            }
        }
        let server = home.start();
        server.api.wait_until_idle();
        states.look(server.api).expect("look at documents");
        states.watch(ledger.accepted().rev());
        let proved = prove(server.api, &home.data(), &ledger);
        println!("seed {seed}, kill {run} after {life_us} us: {proved:?}");
        server.kill();
    }
    home.check_log();
    println!("seed {seed}: {answers:?}, {:.1} s", began.elapsed().as_secs_f64());
}

/// Rebuilds, switches and retains, whatever is answered, until the server is gone.
fn ask_until_killed(api: Api, mut seeded: Seeded) -> Answers {
    let mut answers = Answers::new();
    if let Ok(mut connection) = api.connect() {
        while ask(&mut connection, &mut seeded, &mut answers).is_ok() {}
    }
    answers
}

fn ask(connection: &mut Connection, seeded: &mut Seeded, answers: &mut Answers) -> io::Result<()> {
    let table = TABLES[seeded.below(TABLES.len())];
    let (what, path) = match seeded.below(5) {
        0 => ("retain", "/retain".to_owned()),
        1 | 2 => ("rebuild", format!("/table/{table}/rebuild")),
        _ => ("switch", format!("/table/{table}/rebuild/switch")),
    };
    let request = Request { method: "POST", path: &path, headers: &[], body: b"" };
    let answer = connection.send(&request)?;
    // 404: no document is normalized yet. 409: not now. 503: batches did not end in time.
    let text = String::from_utf8_lossy(&answer.body);
    assert!(matches!(answer.status, 200 | 202 | 404 | 409 | 503), "{path}: {text}");
    *answers.entry((what, answer.status)).or_default() += 1;
    // A rebuild takes some milliseconds; asking only shall not be all that happens.
    std::thread::sleep(Duration::from_millis(seeded.below(15) as u64));
    Ok(())
}

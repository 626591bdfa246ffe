//! The server is killed at any moment, again and again, on the same folder.
//!
//! `SLUICE_CRASH_ROUNDS`: how often (default 12). `SLUICE_CRASH_SEED`: from which seed (default: the
//! clock; it is printed).

use crate::api::until;
use crate::documents::Document;
use crate::ledger::{Answered, Ledger};
use crate::posting::{Plan, Posting, send};
use crate::proof::{Proved, prove};
use crate::reader::corpus::Seeded;
use crate::server::{Home, Server};
use crate::states::States;
use std::time::{Duration, Instant, SystemTime};

/// Kills of one folder, before it is proved and the next one begins.
const ROUNDS_OF_A_FOLDER: u64 = 12;

/// Documents that a client sends between two kills at most: proofs look at each.
const DOCUMENTS_OF_A_CLIENT: u64 = 40;

/// Longest life of a server that is not killed while it starts.
const LIFE_MAX: Duration = Duration::from_millis(2_000);

/// Looking shall not keep the server from its work.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// When a server is killed.
#[derive(Debug)]
enum Moment {
    /// So long after the process began, whether it listens or not.
    Starting(Duration),
    /// So many documents after the first client connected.
    Accepted(u64),
    /// So long after it listened.
    Listening(Duration),
}

impl Moment {
    fn choose(seeded: &mut Seeded) -> Self {
        let up_to = |seeded: &mut Seeded, most: Duration| {
            let most = usize::try_from(most.as_micros()).expect("seconds");
            Duration::from_micros(seeded.below(most) as u64)
        };
        match seeded.below(8) {
            0 => Moment::Starting(up_to(seeded, Duration::from_millis(5))),
            1 => Moment::Starting(up_to(seeded, Duration::from_millis(150))),
            2..5 => Moment::Accepted(seeded.below(160) as u64),
            _ => Moment::Listening(up_to(seeded, LIFE_MAX)),
        }
    }
}

#[test]
fn nothing_is_lost_or_twice_however_often_the_server_is_killed() {
    let rounds = number("SLUICE_CRASH_ROUNDS").unwrap_or(ROUNDS_OF_A_FOLDER);
    let seed = number("SLUICE_CRASH_SEED").unwrap_or_else(seed_of_the_clock);
    println!("SLUICE_CRASH_SEED={seed} SLUICE_CRASH_ROUNDS={rounds}");
    let mut left = rounds;
    let mut folder_seed = seed;
    while left > 0 {
        let some = left.min(ROUNDS_OF_A_FOLDER);
        one_folder(folder_seed, some);
        left -= some;
        folder_seed = folder_seed.wrapping_add(1);
    }
}

fn one_folder(seed: u64, rounds: u64) {
    let began = Instant::now();
    let mut seeded = Seeded::new(seed);
    let home = Home::new();
    let mut ledger = Ledger::default();
    let mut states = States::default();
    for run in 0..rounds {
        let moment = Moment::choose(&mut seeded);
        println!("seed {seed}, kill {run}: {moment:?}");
        let plan = Plan { seed, run, documents_max: DOCUMENTS_OF_A_CLIENT };
        states = one_life(&home, plan, &moment, &mut ledger, states);
        states.watch(ledger.accepted().rev());
    }
    let server = home.start();
    repeat_puts(&server, &mut ledger);
    server.api.wait_until_idle();
    states.look(server.api).expect("look at documents");
    let proved = prove(server.api, &home.data(), &ledger);
    home.check_log();
    tell(seed, rounds, &ledger, &proved, began);
}

/// A server from its start to its kill.
fn one_life(
    home: &Home,
    plan: Plan,
    moment: &Moment,
    ledger: &mut Ledger,
    mut states: States,
) -> States {
    let starting = home.spawn(&[]);
    if let Moment::Starting(time) = moment {
        match starting.listening_within(*time) {
            Ok(server) => server.kill(),
            Err(starting) => starting.kill(),
        }
        return states;
    }
    let server = starting.listening();
    let listens_since = Instant::now();
    states.look(server.api).expect("look at documents");
    let posting = Posting::start(server.api, plan, &ledger.open_puts());
    let api = server.api;
    let watcher = std::thread::spawn(move || {
        // Until the server is gone.
        while states.look(api).is_ok() {
            std::thread::sleep(BETWEEN_LOOKS);
        }
        states
    });
    let is_time = || match moment {
        Moment::Accepted(documents) => posting.accepted() >= *documents || posting.is_over(),
        Moment::Listening(time) => listens_since.elapsed() >= *time,
        Moment::Starting(_) => true,
    };
    // Polled often: the moment shall be any.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_time() {
        assert!(Instant::now() < deadline, "{moment:?} does not come");
        std::thread::sleep(Duration::from_micros(200));
    }
    server.kill();
    posting.finish(ledger);
    match watcher.join() {
        Ok(states) => states,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Every PUT again, and some with another body: the first one under an id wins.
fn repeat_puts(server: &Server, ledger: &mut Ledger) {
    let mut connection = server.api.connect().expect("connect");
    let puts: Vec<_> = ledger.all().filter(|sent| sent.document.id.is_some()).cloned().collect();
    for (mut sent, at) in puts.into_iter().zip(0..) {
        let was_accepted = matches!(sent.answered, Answered::Accepted(_));
        sent.answered = send(&mut connection, &sent.document).expect("put again");
        assert!(matches!(sent.answered, Answered::Accepted(_)), "{:?}", sent.answered);
        if was_accepted && at % 3 == 0 {
            let body = b"{\"m\":\"never stored\"}".to_vec();
            let other = Document { body, gzip: false, ..sent.document.clone() };
            send(&mut connection, &other).expect("put another body");
        }
        ledger.add(sent);
    }
}

fn tell(seed: u64, rounds: u64, ledger: &Ledger, proved: &Proved, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!("seed {seed}: {rounds} kills, {:?}, {proved:?}, {seconds:.1} s", ledger.counts());
}

pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

pub(crate) fn seed_of_the_clock() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    u64::from(since.subsec_nanos())
}

#[test]
fn a_server_killed_while_idle_forgets_nothing() {
    let home = Home::new();
    let mut ledger = Ledger::default();
    let server = home.start();
    let posting = Posting::start(server.api, Plan { seed: 1, run: 0, documents_max: 5 }, &[]);
    until("posts end", Duration::from_secs(60), || posting.is_over());
    posting.finish(&mut ledger);
    server.api.wait_until_idle();
    let before = prove(server.api, &home.data(), &ledger);
    server.kill();
    let server = home.start();
    let after = prove(server.api, &home.data(), &ledger);
    let figures = |proved: &Proved| (proved.documents, proved.rows, proved.rejects);
    assert_eq!(figures(&before), figures(&after));
}

//! Load on a running `sluice up`, and what it makes of it.
//!
//! ```text
//! cargo run --release --example load -- --endpoint 127.0.0.1:8080 --connections 16 --seconds 30
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "load/figures.rs"]
mod figures;
#[path = "load/lag.rs"]
mod lag;
#[path = "load/posts.rs"]
mod posts;
#[path = "load/process.rs"]
mod process;
#[path = "../tests/proofs/wire.rs"]
#[allow(dead_code, reason = "one of its users looks at headers")]
mod wire;

use clap::Parser;
use figures::{Figures, Latency};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

/// Posts over kept connections, as fast as answers come or at a rate, and tells posts a
/// second, latencies, errors, the lag until a document is a row, and what the server took for it.
#[derive(Debug, Clone, Parser)]
struct Args {
    /// Where the server listens
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    endpoint: SocketAddr,
    /// A token of the server's token file
    #[arg(long)]
    token: Option<String>,
    /// Connections, each with a thread
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// How long
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Bytes of a body, about
    #[arg(long, default_value_t = 500)]
    body_bytes: usize,
    /// The table
    #[arg(long, default_value = "load")]
    table: String,
    /// So many tables in turn instead of the one: its name and a number
    #[arg(long, default_value_t = 1)]
    tables: u32,
    /// Posts a second of all connections together; without it as many as are answered
    #[arg(long)]
    rate: Option<f64>,
    /// The server's process id, to watch its memory
    #[arg(long)]
    pid: Option<u32>,
    /// The server's data folder, to count its parts
    #[arg(long)]
    data: Option<PathBuf>,
}

fn main() {
    let args = Args::parse();
    let began = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let posters: Vec<_> = (0..args.connections)
        .map(|at| {
            let (args, stop) = (args.clone(), Arc::clone(&stop));
            thread::spawn(move || posts::run(&args, at, &stop))
        })
        .collect();
    let lag = {
        let (args, stop) = (args.clone(), Arc::clone(&stop));
        thread::spawn(move || lag::run(&args, &stop))
    };
    let memory = {
        let (pid, stop) = (args.pid, Arc::clone(&stop));
        thread::spawn(move || pid.map_or_else(Vec::new, |pid| process::watch(pid, &stop)))
    };
    thread::sleep(Duration::from_secs(args.seconds));
    stop.store(true, Relaxed);
    let mut done = posts::Done::default();
    for poster in posters {
        done.add(poster.join().expect("a poster does not panic"));
    }
    let seconds = began.elapsed().as_secs_f64();
    let lag = lag.join().expect("the lag's thread does not panic");
    let memory = memory.join().expect("the memory's thread does not panic");
    let figures = Figures {
        connections: args.connections,
        seconds,
        body_bytes: args.body_bytes,
        posts: done.micros.len(),
        latency: Latency::of(done.micros),
        errors: done.errors,
        lag: Latency::of(lag.micros),
        lag_missed: lag.missed,
        rss_mb: memory,
        parts: args.data.as_deref().map(process::parts),
    };
    println!("{}", figures.table());
    println!("{}", figures.json());
}

//! `sluice put`: files to a server, each record once however often it is called.

mod chain;
mod courier;
mod ids;
mod outgoing;
mod reader;
mod summary;
mod tally;
mod wait;

use crate::client::{ClientError, ServerArgs};
use crate::failure::Failure;
use crate::input_failure;
use crate::output;
use crate::parse::{self, Format, InputFormat};
use crate::progress::Bar;
use clap::Args;
use courier::{Courier, Delivery};
use outgoing::{Outgoing, Place};
use reader::{Desk, ReadError, Reading, read_input};
use sluice_normalizer::TableName;
use sluice_one_machine::{Input, Progress, inputs_bytes};
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use summary::Summary;
use tally::{Tally, Unconfirmed};

/// Send JSON files to a table of a server.
///
/// Inputs are NDJSON or JSON (an object, or an array of objects), of any size, also gzipped. They
/// are sent as documents of at most --body-size, cut between records.
///
/// The same inputs again add nothing. A document's id is made of the table, the file's name as
/// given (./a.json is a.json), its place in the file, and its content. A file of lines that grew is
/// sent from where it ended last time: the server is asked how far it got, by the first line and
/// the size of each document it holds. So a log may be put again and again, and one that was
/// rotated is new. A file that begins with the same line as before and is not the old one with
/// lines added stops with a message; only a change that leaves all line ends in place goes
/// unnoticed. A JSON array or standard input that changed is new as a whole. After an interruption,
/// repeat with the same --body-size.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  Two files to the table orders of the server on this machine, and wait until they are rows:
      sluice put orders orders-1.ndjson orders-2.json.gz --wait

  A log, every hour; only new lines are sent:
      sluice put requests /var/log/app/requests.ndjson --quiet

  To AWS, from another command:
      curl -s https://example.com/events | sluice put events - \\
          --endpoint https://abc.execute-api.eu-central-1.amazonaws.com/main --token-file token

What the server refuses is told by file and byte; the rest is sent. Requests that fail for the time
being (429, 5xx, no connection) are repeated after a growing pause, see --retries.

Exit code: 0 done, 1 failed (also: something was refused), 2 wrong usage.")]
pub(crate) struct PutArgs {
    /// The table that the records go to; letters, digits and _
    #[arg(value_name = "TABLE", value_parser = TableName::parse)]
    table: TableName,

    /// The files to send; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<OsString>,

    #[command(flatten)]
    server: ServerArgs,

    /// Documents on their way at the same time, 1 to 64; each takes memory of up to two bodies
    #[arg(long, value_name = "N", default_value = "8", value_parser = parse_connections)]
    connections: NonZeroUsize,

    /// A document's size, at most 10MB; smaller takes less memory and makes more requests
    #[arg(long, value_name = "SIZE", default_value = "8MB", value_parser = parse::body_bytes)]
    body_size: usize,

    /// Compress what is sent. Files of lines must be complete then: one that grows later is refused,
    /// since the server cannot tell how far it got
    #[arg(long)]
    gzip: bool,

    /// How often a request that failed for the time being is repeated
    #[arg(long, value_name = "N", default_value_t = 8,
          value_parser = clap::value_parser!(u32).range(0..=100))]
    retries: u32,

    /// Wait until all documents are rows or rejects, and tell how many
    #[arg(long)]
    wait: bool,

    /// How long to wait, e.g. 90s, 10m
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse::duration)]
    wait_timeout: Duration,

    /// How the summary on standard output looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// How the inputs hold their records [default: .ndjson and .jsonl (also .gz) are NDJSON, any
    /// other is told by its first bytes]
    #[arg(long, value_enum)]
    input_format: Option<InputFormat>,

    /// No progress bar, and no summary unless it is asked for as JSON
    #[arg(short, long)]
    quiet: bool,
}

const CONNECTIONS_MAX: usize = 64;

/// Runs the command.
pub(crate) fn run(args: &PutArgs) -> Result<ExitCode, Failure> {
    let inputs: Vec<Input> = args.files.iter().map(|file| Input::from_argument(file)).collect();
    if inputs.iter().filter(|input| **input == Input::Stdin).count() > 1 {
        return Err(Failure::wrong_usage(anyhow::anyhow!("standard input (-) is given twice")));
    }
    let client = args.server.client(args.connections.get() + 1)?;
    let started = Instant::now();
    let total_bytes = inputs_bytes(&inputs).map_err(input_failure::explain)?;
    let courier = Courier::new(&client, &args.table, args.retries);
    let bar = Bar::new(total_bytes, args.quiet);
    let tally = Mutex::new(Tally { keep_ids: args.wait, ..Tally::default() });
    let sent = send(args, &inputs, &courier, &tally, &bar);
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    let sent = sent.and_then(|()| {
        let unconfirmed = std::mem::take(&mut tally.unconfirmed);
        wait::confirm(&courier, unconfirmed, args.wait_timeout, &mut tally).map_err(stopped)
    });
    bar.clear();
    if let Err(failure) = sent {
        // What is known about the documents that were refused is told, too.
        summary::tell_failures(&tally);
        return Err(failure);
    }
    let waited = match args.wait {
        true => Some(wait::until_done(
            &client,
            &args.table,
            &tally.ids,
            args.wait_timeout,
            args.connections.get(),
        )),
        false => None,
    };

    summary::tell_failures(&tally);
    let (waited, late) = match waited.transpose() {
        Ok(waited) => (waited, None),
        Err(failure) => (None, Some(failure)),
    };
    let endpoint = client.endpoint().to_string();
    let summary =
        Summary::new(&args.table, endpoint, tally, courier.retries(), waited, started.elapsed());
    match args.format {
        Format::Json => output::print_json(&summary)?,
        Format::Text if args.quiet => {}
        Format::Text => output::print(&summary.to_text())?,
    }
    match late {
        Some(failure) => Err(failure),
        None if summary.is_complete() => Ok(ExitCode::SUCCESS),
        None => Ok(ExitCode::FAILURE),
    }
}

/// Reads the inputs and sends what they hold that the server lacks.
fn send(
    args: &PutArgs,
    inputs: &[Input],
    courier: &Courier<'_>,
    tally: &Mutex<Tally>,
    bar: &Bar,
) -> Result<(), Failure> {
    // Nothing waits in it: memory is what the senders hold, and one document for the reader.
    let (sender, receiver) = sync_channel(0);
    let receiver = Arc::new(Mutex::new(receiver));
    let reading = Reading {
        table: &args.table,
        form: args.input_format.map(Into::into),
        body_bytes_max: args.body_size,
        gzip: args.gzip,
    };
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..args.connections.get())
            .map(|_| {
                let queue = Arc::clone(&receiver);
                scope.spawn(move || deliver_all(courier, queue, tally, bar))
            })
            .collect();
        // The senders hold the queue now: when the last one ends, the reader stops.
        drop(receiver);
        let desk = Desk { courier, queue: sender, tally };
        let on_read = |bytes| bar.show(Progress::Read { bytes });
        let read = inputs.iter().try_for_each(|input| read_input(input, reading, &desk, &on_read));
        drop(desk);
        for sender in senders {
            let delivered = sender.join().map_err(|_panic| {
                Failure::failed(anyhow::anyhow!("a sender stopped unexpectedly"))
                    .next("this is a bug in sluice; the same command again goes on from there")
            })?;
            delivered.map_err(stopped)?;
        }
        match read {
            Ok(()) | Err(ReadError::Stopped) => Ok(()),
            Err(ReadError::Input(error)) => Err(input_failure::explain(error)),
            Err(ReadError::Client(error)) => Err(stopped(error)),
        }
    })
}

/// Delivers documents until there are none left, or one request fails for good, whatever it is for.
fn deliver_all(
    courier: &Courier<'_>,
    queue: Arc<Mutex<Receiver<Outgoing>>>,
    tally: &Mutex<Tally>,
    bar: &Bar,
) -> Result<(), ClientError> {
    loop {
        let received = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(document) = received else {
            return Ok(());
        };
        let (id, place) = (document.id, document.place.clone());
        let content_bytes = document.content.len() as u64;
        let delivery = courier.deliver(document)?;
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        match delivery {
            Delivery::Done => tally.sent(id, content_bytes),
            Delivery::Unconfirmed { bytes } => {
                tally.sent(id, content_bytes);
                tally.unconfirmed.push(Unconfirmed { id, place, bytes });
            }
            Delivery::Taken => taken(&mut tally, place),
            Delivery::Refused { code, message } => tally.failed(place, code, message),
        }
        bar.sent(tally.documents);
    }
}

/// The server kept another run's body under this id.
fn taken(tally: &mut Tally, place: Place) {
    let message = "another run sent a part of it at the same time; run the same command again";
    tally.failed(place, "sent_twice", message);
}

/// The run ended early.
fn stopped(error: ClientError) -> Failure {
    let is_new = error.is_absent_server();
    let failure = error.into_failure();
    if is_new {
        return failure;
    }
    failure.also("what was sent stays; the same command again goes on from there")
}

fn parse_connections(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok().filter(|n: &NonZeroUsize| n.get() <= CONNECTIONS_MAX);
    number.ok_or_else(|| format!("not a number from 1 to {CONNECTIONS_MAX}"))
}

//! The pipeline from files to the lake: one thread reads and forms batches, others write them.
//!
//! Memory is bounded by threads and batch size, not by the input (I-7): the reader fills one batch
//! and hands it over only when a writer is free.

use crate::batches::{Batches, Work};
use crate::claims::Claims;
use crate::file_plan::FilePlan;
use crate::input::{Input, InputDocument, InputError, OpenInput, inputs_bytes};
use crate::lake_folder::{LakeError, LakeFolder};
use crate::limits::DOCUMENT_BYTES_TARGET;
use crate::registry_turns::RegistryTurns;
use crate::totals::Totals;
use crate::writer::{BatchOutcome, WriteError, Writer};
use sluice_normalizer::{Cut, Cutter, InputForm, Registry, TableName, TableSettings};
use sluice_pipeline::ContentHash;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// How to normalize.
#[derive(Debug, Clone)]
pub struct NormalizeOptions {
    /// Where the records go.
    pub table: TableName,
    /// The table's settings.
    pub settings: TableSettings,
    /// Of the settings file's text; of nothing when there is none.
    pub settings_sha256: ContentHash,
    /// How inputs hold their records; none: found out for each.
    pub form: Option<InputForm>,
    /// Input of one batch, decompressed, bytes.
    pub batch_bytes_max: usize,
    /// Batches written at the same time.
    pub threads: NonZeroUsize,
    /// When the documents count as accepted, milliseconds since 1970 UTC.
    pub received_at_ms: i64,
}

/// What happened since the last call, for a progress display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Bytes read, as stored (compressed).
    Read {
        /// How many.
        bytes: u64,
    },
    /// A batch was committed.
    Committed {
        /// Records in it, rejects included.
        records: u64,
    },
}

/// What a run did.
#[derive(Debug)]
pub struct Normalized {
    /// The newest registry version after it.
    pub registry: Arc<Registry>,
    /// The version that it found.
    pub version_before: u64,
    /// What its batches did together.
    pub totals: Totals,
    /// The batches it committed, in input order.
    pub batches: Vec<BatchOutcome>,
    /// What an earlier run had committed.
    pub already_there: AlreadyThere,
    /// Batches of earlier runs that still lack parts, because none of their inputs were given.
    pub unfinished: Vec<Unfinished>,
    /// All inputs, decompressed, bytes.
    pub input_bytes: u64,
    /// All inputs, as stored, bytes.
    pub read_bytes: u64,
}

/// Documents that a run met and that are in the lake already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlreadyThere {
    /// How many.
    pub documents: u64,
    /// Their sizes together, decompressed, bytes.
    pub bytes: u64,
    /// The batches of earlier runs that hold them.
    pub batches: u64,
    /// Rejects of these batches by code.
    pub rejects: BTreeMap<String, u64>,
}

/// A batch that was planned and not written to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Its id.
    pub batch: String,
    /// The inputs that hold its documents.
    pub sources: Vec<String>,
}

/// Why a run stopped. What it committed before stays, and the same run again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum NormalizeError {
    /// An input cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The lake refused.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A batch was not committed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The input holds other bytes than when it was normalized, or is cut into other documents.
    #[error("{source_name} changed at byte {offset} since it was normalized")]
    Changed {
        /// The input as given.
        source_name: String,
        /// Where the document starts, decompressed, bytes.
        offset: u64,
        /// The document's size now.
        bytes: u64,
        /// Where the document started that held these bytes then. Another start or size may mean
        /// that the input was only cut differently.
        offset_then: u64,
        /// Its size then.
        bytes_then: u64,
        /// The batch that holds the document; none when the input changed while it was read twice.
        batch: Option<String>,
    },
    /// An unfinished batch needs inputs that this run did not get.
    #[error("batch {batch} was planned by an earlier run and lacks documents of {}", missing.join(", "))]
    Incomplete {
        /// The batch.
        batch: String,
        /// The inputs it lacks.
        missing: Vec<String>,
    },
    /// Inputs come in another order than when their batches were planned.
    #[error("the documents of batch {batch} are too far apart to finish it")]
    Scattered {
        /// The batch.
        batch: String,
    },
    /// A writer panicked.
    #[error("a writer stopped unexpectedly")]
    WriterStopped,
}

impl Unfinished {
    pub(crate) fn of(plan: FilePlan) -> Self {
        let sources: BTreeSet<_> =
            plan.documents.into_iter().map(|document| document.source).collect();
        Unfinished { batch: plan.batch, sources: sources.into_iter().collect() }
    }
}

/// Brings the records of `inputs` into the lake, each exactly once however often this is called.
///
/// The same inputs give the same parts whatever the number of threads. `progress` is called from
/// several threads. Holds the lake's lock until it returns.
///
/// # Errors
/// [`NormalizeError`]; batches in the making are finished first, and no file is half-written.
pub fn normalize_files(
    lake: &LakeFolder,
    inputs: &[Input],
    options: &NormalizeOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Normalized, NormalizeError> {
    // A wrong name stops the run before anything is created.
    inputs_bytes(inputs)?;
    let _lock = lake.lock()?;
    let generation = lake.generation(&options.table)?;
    let claims = Claims::load(lake, &options.table, generation)?;
    let writer = Writer {
        lake,
        table: &options.table,
        generation,
        settings: &options.settings,
        settings_sha256: options.settings_sha256,
        received_at_ms: options.received_at_ms,
        turns: RegistryTurns::new(lake.latest_registry(&options.table, generation)?),
    };

    let version_before = writer.turns.latest().version;

    let stop = AtomicBool::new(false);
    let (sender, receiver) = sync_channel(0);
    let receiver = Arc::new(Mutex::new(receiver));
    let (read, written) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads.get())
            .map(|_| {
                let queue = Arc::clone(&receiver);
                let (writer, stop) = (&writer, &stop);
                scope.spawn(move || write_batches(writer, queue, stop, progress))
            })
            .collect();
        // The writers hold the queue now: when the last one ends, sending fails.
        drop(receiver);
        let queue = Queue { sender, stop: &stop, number: 0 };
        let read = read_inputs(inputs, options, claims, queue, progress);
        let written: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        (read, written)
    });

    let mut batches = Vec::new();
    let mut totals = Totals::default();
    for result in written {
        let share = result.map_err(|_panic| NormalizeError::WriterStopped)??;
        batches.extend(share.batches);
        totals.add(share.totals);
    }
    batches.sort_by_key(|(number, _)| *number);
    let read = read?;
    Ok(Normalized {
        registry: writer.turns.latest(),
        version_before,
        totals,
        batches: batches.into_iter().map(|(_, outcome)| outcome).collect(),
        already_there: read.already_there,
        unfinished: read.unfinished,
        input_bytes: read.input_bytes,
        read_bytes: read.read_bytes,
    })
}

/// Work and its number in the order of the inputs.
type Numbered = (u64, Work);

/// What one writer did.
#[derive(Default)]
struct Share {
    batches: Vec<(u64, BatchOutcome)>,
    totals: Totals,
}

/// Writes batches until there are none left or one fails anywhere.
fn write_batches(
    writer: &Writer<'_>,
    queue: Arc<Mutex<Receiver<Numbered>>>,
    stop: &AtomicBool,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Share, WriteError> {
    /// Every way out stops the other threads: an error, a panic, or the end of the work.
    struct StopOthers<'a>(&'a AtomicBool);
    impl Drop for StopOthers<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let _stop_others = StopOthers(stop);
    let mut share = Share::default();
    while !stop.load(Ordering::Relaxed) {
        let received = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, work)) = received else {
            break;
        };
        let Some((outcome, report)) = writer.run(work)? else {
            break;
        };
        progress(Progress::Committed { records: outcome.records });
        share.batches.push((number, outcome));
        share.totals.add_report(report);
    }
    Ok(share)
}

/// The way from the reader to the writers; holds nothing, so a batch leaves only for a free writer.
struct Queue<'a> {
    sender: SyncSender<Numbered>,
    stop: &'a AtomicBool,
    number: u64,
}

/// A writer failed: its error is the run's, reading on makes no sense.
struct WritersStopped;

impl Queue<'_> {
    fn send(&mut self, works: &mut Vec<Work>) -> Result<(), WritersStopped> {
        for work in works.drain(..) {
            if self.stop.load(Ordering::Relaxed) {
                return Err(WritersStopped);
            }
            self.sender.send((self.number, work)).map_err(|_| WritersStopped)?;
            self.number += 1;
        }
        Ok(())
    }
}

#[derive(Default)]
struct ReadOutcome {
    already_there: AlreadyThere,
    unfinished: Vec<Unfinished>,
    input_bytes: u64,
    read_bytes: u64,
}

fn read_inputs(
    inputs: &[Input],
    options: &NormalizeOptions,
    claims: Claims,
    mut queue: Queue<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<ReadOutcome, NormalizeError> {
    let read_bytes = std::cell::Cell::new(0);
    let on_read = |bytes| {
        read_bytes.set(read_bytes.get() + bytes);
        progress(Progress::Read { bytes });
    };
    let mut batches = Batches::new(claims, options.batch_bytes_max);
    let mut outcome = ReadOutcome::default();
    let mut works = Vec::new();
    for input in inputs {
        let mut open = input.open(&on_read)?;
        let document_bytes = options.batch_bytes_max.min(DOCUMENT_BYTES_TARGET);
        let form = options.form.or_else(|| input.form_by_name());
        let mut cutter = Cutter::new(form, document_bytes);
        let mut cuts = Vec::new();
        while open.read(&mut |bytes| {
            outcome.input_bytes += bytes.len() as u64;
            cutter.feed(bytes, &mut |cut| cuts.push(cut));
        })? {
            for cut in cuts.drain(..) {
                batches.push(document(&open, cut), &mut works)?;
                if queue.send(&mut works).is_err() {
                    return Ok(outcome);
                }
            }
        }
        cutter.finish(&mut |cut| cuts.push(cut));
        for cut in cuts {
            batches.push(document(&open, cut), &mut works)?;
            if queue.send(&mut works).is_err() {
                return Ok(outcome);
            }
        }
    }
    let finished = batches.finish(&mut works);
    if queue.send(&mut works).is_ok() {
        (outcome.already_there, outcome.unfinished) = finished?;
    }
    outcome.read_bytes = read_bytes.get();
    Ok(outcome)
}

fn document(open: &OpenInput<'_>, cut: Cut) -> InputDocument {
    let blake3 = ContentHash::blake3(&cut.body);
    InputDocument {
        id: open.document_id(cut.offset, &blake3),
        source: Arc::clone(&open.name),
        offset: cut.offset,
        bytes: cut.oversize.unwrap_or(cut.body.len() as u64),
        form: cut.form,
        blake3,
        body: cut.body,
        oversize: cut.oversize.is_some(),
    }
}

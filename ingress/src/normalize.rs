//! `sluice normalize`: files into the lake.

use crate::failure::Failure;
use crate::input_failure;
use crate::output;
use crate::parse::{self, Format, InputFormat};
use crate::progress::Bar;
use crate::summary::Summary;
use anyhow::Context;
use clap::Args;
use sluice_normalizer::{Settings, TableName, TableSettings};
use sluice_one_machine::{
    ContentHash, Input, LakeError, LakeFolder, NormalizeError, NormalizeOptions, THREADS_MAX,
    WriteError, inputs_bytes, normalize_files,
};
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Turn JSON files into a lake of Parquet files.
///
/// Every record becomes one row of the table (arrays of objects become child tables) or one row of
/// sluice_rejects that says why; nothing is dropped. Inputs are NDJSON or JSON (an object, or an
/// array of objects), of any size, also gzipped; they are read in bounded memory.
///
/// The same inputs again write nothing new: a document is known by the name of its file, as given
/// (./a.json is a.json), and its place in it. After a crash or an error, the same command goes on where it stopped.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  Two files into the table orders of the lake in ./lake:
      sluice normalize --table orders --out lake orders-1.ndjson orders-2.json.gz

  From another command, with a setting file, telling what happened as JSON:
      curl -s https://example.com/events | \\
          sluice normalize --table events --out lake --config sluice.yaml --format json -

  What came of it:
      sluice schema lake orders

Exit code: 0 done, 1 failed (with --strict also: there are rejects), 2 wrong usage.")]
pub(crate) struct NormalizeArgs {
    /// The table that the records go to; letters, digits and _
    #[arg(long, value_name = "NAME", value_parser = TableName::parse)]
    table: TableName,

    /// The folder of the lake; created if it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The files to read; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<OsString>,

    /// Batches worked on at the same time; the result is the same for any number [default: one per
    /// processor]. Each takes memory of about 5 times --batch-size on ordinary input, up to 20 times
    /// on input made to cost
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<NonZeroUsize>,

    /// Settings of the tables
    #[arg(long, value_name = "sluice.yaml")]
    config: Option<PathBuf>,

    /// When the documents count as received, e.g. 2026-11-20T09:30:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse::received_at_ms)]
    received_at: Option<i64>,

    /// How the summary on standard output looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Input of one batch, at most 64MB; smaller takes less memory (see --threads) and makes more,
    /// smaller parts
    #[arg(long, value_name = "SIZE", default_value = "32MB", value_parser = parse::batch_bytes)]
    batch_size: usize,

    /// How the inputs hold their records [default: .ndjson and .jsonl (also .gz) are NDJSON, any
    /// other is told by its first bytes]
    #[arg(long, value_enum)]
    input_format: Option<InputFormat>,

    /// Exit with 1 if any record was rejected; rows and rejects are written all the same
    #[arg(long)]
    strict: bool,

    /// No progress bar, and no summary unless it is asked for as JSON
    #[arg(short, long)]
    quiet: bool,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Runs the command.
pub(crate) fn run(args: &NormalizeArgs) -> Result<ExitCode, Failure> {
    let inputs: Vec<Input> = args.files.iter().map(|file| Input::from_argument(file)).collect();
    if inputs.iter().filter(|input| **input == Input::Stdin).count() > 1 {
        return Err(Failure::wrong_usage(anyhow::anyhow!("standard input (-) is given twice")));
    }
    let now_ms = chrono::Utc::now().timestamp_millis();
    let received_at_ms = args.received_at.unwrap_or(now_ms);
    if received_at_ms.div_euclid(DAY_MS) > now_ms.div_euclid(DAY_MS) + 1 {
        let error = anyhow::anyhow!("--received-at is after tomorrow (UTC)");
        return Err(Failure::wrong_usage(error).next(
            "give the time of receipt: SQL shows a table's days up to tomorrow, so later rows \
             would be invisible",
        ));
    }
    let (settings, settings_sha256) = read_settings(args)?;
    let options = NormalizeOptions {
        table: args.table.clone(),
        settings,
        settings_sha256,
        form: args.input_format.map(Into::into),
        batch_bytes_max: args.batch_size,
        threads: args.threads.unwrap_or_else(processors),
        received_at_ms,
    };

    let started = Instant::now();
    let total_bytes = inputs_bytes(&inputs).map_err(|error| explain(args, error.into()))?;
    let bar = Bar::new(total_bytes, args.quiet);
    let lake = LakeFolder::at(&args.out);
    let result = normalize_files(&lake, &inputs, &options, &|progress| bar.show(progress));
    bar.clear();
    let normalized = result.map_err(|error| explain(args, error))?;

    let summary = Summary::new(args, &options, &normalized, started.elapsed());
    match args.format {
        Format::Json => output::print_json(&summary)?,
        Format::Text if args.quiet => {}
        Format::Text => output::print(&summary.to_text())?,
    }
    let rejected = args.strict && summary.has_rejects();
    Ok(if rejected { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl NormalizeArgs {
    /// The lake, as given.
    pub(crate) fn out(&self) -> &std::path::Path {
        &self.out
    }
}

fn read_settings(args: &NormalizeArgs) -> Result<(TableSettings, ContentHash), Failure> {
    let Some(path) = &args.config else {
        return Ok((TableSettings::default(), ContentHash::sha256(b"")));
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("read settings {}", path.display()))
        .map_err(Failure::wrong_usage)?;
    let settings = Settings::from_yaml(&text)
        .with_context(|| format!("use settings {}", path.display()))
        .map_err(Failure::wrong_usage)?;
    Ok((settings.table(&args.table), ContentHash::sha256(text.as_bytes())))
}

fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    let threads = text.parse().ok().filter(|threads: &NonZeroUsize| threads.get() <= THREADS_MAX);
    threads.ok_or_else(|| format!("not a number from 1 to {THREADS_MAX}"))
}

fn processors() -> NonZeroUsize {
    let limit = NonZeroUsize::new(THREADS_MAX).expect("THREADS_MAX is not 0");
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN).min(limit)
}

/// Adds what to do next to a failed run.
fn explain(args: &NormalizeArgs, error: NormalizeError) -> Failure {
    const GO_ON: &str = "what is committed stays; the same command again goes on from there";
    let next = match &error {
        NormalizeError::Input(error) => input_failure::next(error),
        NormalizeError::Lake(error) | NormalizeError::Write(WriteError::Lake(error)) => match error
        {
            LakeError::Locked { .. } => {
                "wait until it is done (a server: post to it with sluice put), or choose another \
                 --out"
                    .to_owned()
            }
            LakeError::Registry { .. } | LakeError::Plan { .. } => {
                "use the sluice that wrote it, or a newer one".to_owned()
            }
            LakeError::Io { .. } | LakeError::Exists { .. } => GO_ON.to_owned(),
        },
        NormalizeError::Write(WriteError::NotAsPlanned { settings_changed, .. }) => {
            let other = if *settings_changed { "the settings file" } else { "the build of sluice" };
            format!("an earlier run planned it and stopped: finish it with {other} of that run")
        }
        NormalizeError::Changed { offset, bytes, offset_then, bytes_then, .. } => {
            let same_cut = (offset, bytes) == (offset_then, bytes_then);
            let cut = if same_cut {
                ""
            } else {
                "if the file is the same, give --batch-size and --input-format as in that run; else "
            };
            format!(
                "{cut}put what is new into a file of its own, or normalize the file as it is now \
                 into an empty --out: under another name all of it would be stored, once more what \
                 did not change"
            )
        }
        NormalizeError::Incomplete { .. } => {
            "give these inputs, too, under the names of that run".to_owned()
        }
        NormalizeError::Scattered { .. } => {
            "give the inputs in the order of the run that planned it".to_owned()
        }
        NormalizeError::Write(WriteError::Encode(_)) | NormalizeError::WriterStopped => {
            format!("this is a bug in sluice; {GO_ON}")
        }
    };
    let context = format!("normalize into {}", args.out.display());
    Failure::failed(anyhow::Error::new(error).context(context)).next(next)
}

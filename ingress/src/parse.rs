//! Argument values, parsed once.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};
use clap::ValueEnum;
use sluice_normalizer::InputForm;
use sluice_normalizer::limits::{BATCH_BYTES_MAX, DOCUMENT_BYTES_MAX};
use sluice_one_machine::BATCH_BYTES_MIN;
use std::time::Duration;

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// How inputs hold their records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// One object, or an array of objects
    Json,
    /// One object a line
    Ndjson,
}

impl From<InputFormat> for InputForm {
    fn from(format: InputFormat) -> Self {
        match format {
            InputFormat::Json => InputForm::Json,
            InputFormat::Ndjson => InputForm::Ndjson,
        }
    }
}

/// Parses a batch size: digits and a unit, `64MB`, `512KiB`, `100000`.
pub(crate) fn batch_bytes(text: &str) -> Result<usize, String> {
    let bytes = size(text, "32MB")?.filter(|b| (BATCH_BYTES_MIN..=BATCH_BYTES_MAX).contains(b));
    bytes.ok_or_else(|| format!("a batch has {BATCH_BYTES_MIN} to {BATCH_BYTES_MAX} bytes"))
}

/// Room for the brackets around a run of array elements.
const BRACKETS_BYTES: usize = 2;
const BODY_BYTES_MIN: usize = 1_000;

/// Parses the size of a request's body.
pub(crate) fn body_bytes(text: &str) -> Result<usize, String> {
    let bytes = size(text, "8MB")?.filter(|b| (BODY_BYTES_MIN..=DOCUMENT_BYTES_MAX).contains(b));
    bytes
        .map(|bytes| bytes.min(DOCUMENT_BYTES_MAX - BRACKETS_BYTES))
        .ok_or_else(|| format!("a body has {BODY_BYTES_MIN} to {DOCUMENT_BYTES_MAX} bytes"))
}

/// Digits and a unit; none where they are more than any size.
fn size(text: &str, example: &str) -> Result<Option<usize>, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let scale: usize = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        unit => return Err(format!("unknown unit {unit}; use B, KB, MB, KiB or MiB")),
    };
    let number: usize =
        digits.parse().map_err(|_| format!("not a whole number and a unit, e.g. {example}"))?;
    Ok(number.checked_mul(scale))
}

/// Parses a length of time: digits and a unit, `500ms`, `90s`, `10m`, `2h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const WANTED: &str = "not a whole number and a unit, e.g. 500ms, 90s, 10m or 2h";
    const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| WANTED)?;
    let duration = match &text[digits.len()..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(60 * 60).map(Duration::from_secs),
        _ => return Err(WANTED.to_owned()),
    };
    duration.filter(|time| *time <= LONGEST).ok_or_else(|| "longer than a week".to_owned())
}

/// Parses a point in time into milliseconds since 1970 UTC; finer digits are cut off.
pub(crate) fn received_at_ms(text: &str) -> Result<i64, String> {
    let date = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
    let time = DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d").map(date))
        .map_err(|_| "not a time like 2026-11-20T09:30:00Z, nor a date like 2026-11-20")?;
    if !(1970..=9999).contains(&time.year()) {
        return Err("the year is not between 1970 and 9999".to_owned());
    }
    Ok(time.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::{batch_bytes, body_bytes, duration, received_at_ms};

    #[test]
    fn batch_sizes() {
        let cases = [
            ("64MB", "64000000"),
            ("4kb", "4000"),
            ("1MiB", "1048576"),
            ("100000", "100000"),
            ("65MB", "a batch has 1000 to 64000000 bytes"),
            ("999", "a batch has 1000 to 64000000 bytes"),
            ("99999999999999999999", "not a whole number and a unit, e.g. 32MB"),
            ("9999999999999MB", "a batch has 1000 to 64000000 bytes"),
            ("1.5MB", "not a whole number and a unit, e.g. 32MB"),
            ("MB", "not a whole number and a unit, e.g. 32MB"),
            ("1GB", "unknown unit gb; use B, KB, MB, KiB or MiB"),
        ];
        for (text, expected) in cases {
            let got = batch_bytes(text).map_or_else(|error| error, |bytes| bytes.to_string());
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn body_sizes_leave_room_for_brackets() {
        assert_eq!((body_bytes("8MB"), body_bytes("10MB")), (Ok(8_000_000), Ok(9_999_998)));
        assert_eq!(body_bytes("11MB"), Err("a body has 1000 to 10000000 bytes".to_owned()));
    }

    #[test]
    fn lengths_of_time() {
        let ms = |text| duration(text).map(|time| time.as_millis());
        let cases = [("500ms", 500), ("90s", 90_000), ("10m", 600_000), ("2h", 7_200_000)];
        for (text, expected) in cases {
            assert_eq!(ms(text), Ok(expected), "{text}");
        }
        for text in ["", "s", "1", "1.5s", "1d", "-1s", "200h", "99999999999999999999s"] {
            assert!(ms(text).is_err(), "{text}");
        }
    }

    #[test]
    fn points_in_time() {
        let cases = [
            ("1970-01-01", Some(0)),
            ("2026-11-20T09:30:00Z", Some(1_795_167_000_000)),
            ("2026-11-20T10:30:00.0019+01:00", Some(1_795_167_000_001)),
            ("1969-12-31", None),
            ("2026-11-31", None),
            ("yesterday", None),
            ("1795167000000", None),
        ];
        for (text, expected) in cases {
            assert_eq!(received_at_ms(text).ok(), expected, "{text}");
        }
    }
}

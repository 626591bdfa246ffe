//! The clock, and times as the contract writes them.

use sluice_normalizer::ingest_date;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, milliseconds since 1970 UTC.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// RFC 3339 with milliseconds, `2026-01-31T16:17:38.250Z`.
pub(crate) fn rfc3339(time_ms: i64) -> String {
    const DAY_MS: i64 = 86_400_000;
    let of_day = time_ms.rem_euclid(DAY_MS);
    let (seconds, millis) = (of_day / 1_000, of_day % 1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z", ingest_date(time_ms))
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn times_are_written_with_milliseconds() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_614_442_658_250, "2021-02-27T16:17:38.250Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ];
        for (time_ms, expected) in cases {
            assert_eq!(rfc3339(time_ms), expected);
        }
    }
}

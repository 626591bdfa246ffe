//! Timestamps: text to milliseconds and back.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc};

/// Milliseconds since 1970 UTC of an ISO 8601 / RFC 3339 date and time.
///
/// Takes `T` or a space between date and time, any fraction (cut to milliseconds), an offset or
/// `Z`; without one UTC is meant; a date alone is its midnight. Years 0001 to 9999, which is what
/// SQL engines print. `None` for anything else.
pub(crate) fn parse_millis(text: &str) -> Option<i64> {
    let parsed = DateTime::parse_from_rfc3339(text)
        .map(|time| time.with_timezone(&Utc))
        .or_else(|_| naive(text).map(|time| time.and_utc()))
        .ok()?;
    // A leap second has no millisecond of its own.
    let in_range = (1..=9999).contains(&parsed.year()) && parsed.nanosecond() < 1_000_000_000;
    in_range.then(|| parsed.timestamp_millis())
}

fn naive(text: &str) -> chrono::ParseResult<NaiveDateTime> {
    if text.len() == "2024-01-02".len() {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d")?;
        return Ok(date.and_time(chrono::NaiveTime::MIN));
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
}

/// The one text that a stored timestamp stands for: `YYYY-MM-DDTHH:MM:SS[.mmm]Z`, the fraction
/// only when it is not zero.
pub(crate) fn canonical(millis: i64) -> Option<String> {
    let time = DateTime::from_timestamp_millis(millis)?;
    let format =
        if millis.rem_euclid(1000) == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.3fZ" };
    Some(time.format(format).to_string())
}

/// The UTC date of a time, `YYYY-MM-DD`: the partition of a part.
///
/// Times outside the years 0 to 9999 have no partition and answer the nearest day that has.
#[must_use]
pub fn ingest_date(received_at_ms: i64) -> String {
    const FIRST: i64 = -62_167_219_200_000; // 0000-01-01
    const LAST: i64 = 253_402_300_799_999; // 9999-12-31
    DateTime::from_timestamp_millis(received_at_ms.clamp(FIRST, LAST))
        .expect("chrono holds the years 0 to 9999")
        .format("%Y-%m-%d")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::{canonical, parse_millis};

    #[test]
    fn texts_and_what_they_regenerate() {
        let cases = [
            ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
            ("2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678Z"),
            ("2024-01-02T03:04:05.6789Z", "2024-01-02T03:04:05.678Z"),
            ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z"),
            ("2024-01-02 03:04:05.5", "2024-01-02T03:04:05.500Z"),
            ("2024-01-02", "2024-01-02T00:00:00Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("2024-02-30T00:00:00Z", "none"),
            ("2016-12-31T23:59:60Z", "none"),
            ("yesterday", "none"),
            ("1700000000", "none"),
            ("", "none"),
        ];
        for (text, expected) in cases {
            let got = parse_millis(text).and_then(canonical);
            assert_eq!(got.as_deref().unwrap_or("none"), expected, "{text}");
        }
    }
}

"""Milliseconds since 1970 (UTC) as text, for all years 0000 to 9999; Python's datetime starts at year 1."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_1_MS = -62_135_596_800_000
# The Gregorian calendar repeats itself after 400 years.
_CYCLE_YEARS = 400
_CYCLE_MS = 146_097 * 86_400_000
_TEXT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?Z?")


def to_text(ms):
    """`YYYY-MM-DDTHH:MM:SS[.mmm]Z`."""
    shift = ms < _YEAR_1_MS
    moment = _EPOCH + timedelta(milliseconds=ms + shift * _CYCLE_MS)
    text = f"{moment.year - shift * _CYCLE_YEARS:04}-{moment:%m-%dT%H:%M:%S}"
    return f"{text}.{ms % 1000:03}Z" if ms % 1000 else f"{text}Z"


def to_ms(text):
    """The milliseconds of such a text, or of SQL's form of it (a blank for `T`, no `Z`)."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no timestamp")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    shift = year == 0
    moment = datetime(year + shift * _CYCLE_YEARS, month, day, hour, minute, second, tzinfo=UTC)
    fraction = int((match[7] or "").ljust(3, "0"))
    return (moment - _EPOCH) // timedelta(milliseconds=1) - shift * _CYCLE_MS + fraction

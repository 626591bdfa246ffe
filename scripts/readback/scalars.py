"""JSON scalars at paths. Numbers keep their text, so that nothing is rounded before it is compared.

A path is a tuple of object keys (str) and array positions (int), more exact than a JSON Pointer, where
`{"a": [1]}` and `{"a": {"0": 1}}` look the same.
"""

import json
import math
import re
import sys
from dataclasses import dataclass

# A hostile number may have more digits than Python turns into an int by default.
sys.set_int_max_str_digits(0)

_NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?")


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written."""

    text: str


def _no_such_number(text):
    raise ValueError(f"{text} is not JSON")


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_no_such_number)


def parse(text):
    """The value of a JSON text; numbers as `Number`, of duplicate keys the last. Raises ValueError."""
    return DECODER.decode(text)


def flatten(value, path=()):
    """Yields `(path, scalar)` for every scalar in `value` that is not null."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from flatten(member, (*path, key))
    elif isinstance(value, list):
        for position, element in enumerate(value):
            yield from flatten(element, (*path, position))
    elif value is not None:
        yield path, value


def pointer(path):
    """A path as JSON Pointer, for messages."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)


def keys_of_pointer(text):
    """The object keys a JSON Pointer names. Pointers in the registry and in `_rest` never cross an array."""
    if text == "":
        return ()
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is no JSON Pointer")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/"))


def magnitude(text):
    """What a number's text denotes, as `(negative, digits, exponent)`: equal exactly for equal numbers.

    Total, where Decimal and float give up (huge exponents). Zero keeps its sign: JSON's -0 is a double.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no JSON number")
    sign, whole, fraction, exponent = match.groups()
    fraction = fraction or ""
    digits = (whole + fraction).lstrip("0")
    stripped = digits.rstrip("0")
    if not stripped:
        return sign == "-", "", 0
    return sign == "-", stripped, int(exponent or "0") - len(fraction) + len(digits) - len(stripped)


def carried_by_double(text, value):
    """Whether a double is the number: its nearest, and the same when printed with as many digits."""
    if float(text) != value or math.isinf(value):
        return False
    _, whole, fraction, _ = _NUMBER.fullmatch(text).groups()
    digits = len((whole + (fraction or "")).lstrip("0"))
    # Past 800 digits a double has nothing left to print (its exact value has at most 767).
    return magnitude(f"{value:.{min(max(digits, 1), 800) - 1}e}") == magnitude(text)

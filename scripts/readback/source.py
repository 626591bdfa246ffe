"""Source documents, parsed again: which records they hold, and which of them cannot become rows."""

from dataclasses import dataclass

from readback import scalars

# DESIGN.md 2.3: nesting past 128 levels is a reject. Whether the array around a record counts as a level is left
# open there, so a record right at the limit may go either way.
DEPTH_MAX = 128
ROW, REJECT, EITHER = "row", "reject", "either"
JSON_BLANK = " \t\r\n"
BLANK = JSON_BLANK.encode()
HALF_PAIR = "half a surrogate pair, which no UTF-8 text can hold"


@dataclass(slots=True)
class Item:
    """What one record (or a whole document: `row` is None) must become, and why."""

    row: int | None
    raw: bytes
    record: dict | None
    expect: str
    why: str = ""
    # Too deep for this parser, which then cannot say whether the text is JSON at all: is it one record, or none?
    or_row: int | None = None


def items(body, form):
    """The items of a document's bytes, in order. `form` is the plan's: json, ndjson or elements."""
    if form == "ndjson":
        lines = (line.strip(BLANK) for line in body.split(b"\n"))
        found = [_line(row, line) for row, line in enumerate(line for line in lines if line)]
    elif form == "elements":
        found = _text(b"[" + body + b"]", body)
    elif form == "json":
        found = _text(body, body)
    else:
        raise ValueError(f"unknown document form {form!r}")
    # I-1: a document never vanishes, not even an empty one.
    return found or [Item(None, body, None, REJECT, "holds no record")]


def _line(row, raw):
    """One line: whatever is wrong with it rejects it alone."""
    try:
        value = scalars.parse(raw.decode("utf-8"))
    except RecursionError:
        return Item(row, raw, None, REJECT, "nested too deep to parse")
    except ValueError as error:
        return Item(row, raw, None, REJECT, f"broken: {error}")
    if _examine(value)[1]:
        return Item(row, raw, None, REJECT, HALF_PAIR)
    return _item(row, raw, value)


def _text(text_bytes, body):
    """The records of one JSON text, each with its own bytes. Broken anywhere, all of it is one reject."""
    try:
        text = text_bytes.decode("utf-8")
        found = list(_scan_array(text.strip(JSON_BLANK)) if text.lstrip(JSON_BLANK).startswith("[")
                     else [(text, scalars.parse(text))])
    except RecursionError:
        return [Item(None, body, None, REJECT, "nested too deep to parse", or_row=0)]
    except ValueError as error:
        return [Item(None, body, None, REJECT, f"broken: {error}")]
    if any(_examine(value)[1] for _, value in found):
        return [Item(None, body, None, REJECT, HALF_PAIR)]
    return [_item(row, raw.encode("utf-8").strip(BLANK), value) for row, (raw, value) in enumerate(found)]


def _scan_array(text):
    def skip(at):
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        return at

    at = skip(1)
    if text[at : at + 1] != "]":
        while True:
            start = at
            value, at = scalars.DECODER.raw_decode(text, start)
            yield text[start:at], value
            at = skip(at)
            if text[at : at + 1] != ",":
                break
            at = skip(at + 1)
    if text[at : at + 1] != "]":
        raise ValueError(f"no ',' or ']' at {at}")
    if skip(at + 1) != len(text):
        raise ValueError(f"more text after the array at {at + 1}")


def _item(row, raw, value):
    if not isinstance(value, dict):
        return Item(row, raw, None, REJECT, "no object")
    depth, _ = _examine(value)
    if depth > DEPTH_MAX + 1:
        return Item(row, raw, value, REJECT, "nested too deep")
    if depth >= DEPTH_MAX - 1:
        return Item(row, raw, value, EITHER, "nested to the limit")
    return Item(row, raw, value, ROW)


def _examine(value):
    """How deep a value is nested, and whether any text in it is half a surrogate pair."""
    deepest, surrogate = 0, False
    waiting = [(value, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, (dict, list)):
            deepest = max(deepest, depth)
            members = value.values() if isinstance(value, dict) else value
            waiting.extend((member, depth + 1) for member in members)
        texts = value if isinstance(value, dict) else [value] if isinstance(value, str) else []
        surrogate = surrogate or any("\ud800" <= letter <= "\udfff" for text in texts for letter in text)
    return deepest, surrogate


def records_of_text(whole):
    """The records of a file read as one JSON text; None if it is not one."""
    found = items(without_mark(whole), "json")
    return None if found[0].row is None else [item.record for item in found if item.record is not None]


def is_lines(whole):
    """Whether a text that is not one JSON value is meant as NDJSON: more lines than one, the first an object."""
    lines = [line for line in without_mark(whole).split(b"\n") if line.strip(BLANK)]
    return len(lines) > 1 and _line(0, lines[0]).expect != REJECT


def uncovered(whole, documents):
    """Bytes of a source file that belong to no document, or None if only separators are left over.

    `documents` are the plan's, of this file. This is what makes the check complete: a file cut into documents
    must lose nothing between them.
    """
    at = len(whole) - len(without_mark(whole))
    start = len(whole) - len(whole[at:].lstrip(BLANK))
    # An array too large for one document leaves its brackets, and the commas between the pieces, to nobody.
    cut_array = whole[start : start + 1] == b"[" and all(document["offset"] != start for document in documents)
    separators = BLANK + b"[,]" if cut_array else BLANK
    for document in sorted(documents, key=lambda document: document["offset"]):
        if document["offset"] < at:
            return b"(documents overlap)"
        if gap := whole[at : document["offset"]].strip(separators):
            return gap
        at = document["offset"] + document["bytes"]
    return whole[at:].strip(separators) or None


def without_mark(whole):
    """A file's bytes without the byte order mark that some programs put first."""
    return whole.removeprefix(b"\xef\xbb\xbf")

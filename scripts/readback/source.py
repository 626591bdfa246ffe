"""Source documents, parsed again: which records they hold, and which of them cannot become rows."""

from dataclasses import dataclass

from readback import scalars

# DESIGN.md 2.3: nesting past 128 levels is a reject. Whether the array around a record counts as a level is left
# open there, so a record right at the limit may go either way.
DEPTH_MAX = 128
ROW, REJECT, EITHER = "row", "reject", "either"
BLANK = b" \t\r\n"


@dataclass(slots=True)
class Item:
    """What one record (or a whole document: `row` is None) must become, and why."""

    row: int | None
    raw: bytes
    record: dict | None
    expect: str
    why: str = ""


def items(body, form):
    """The items of a document's bytes, in order. `form` is the plan's: json, ndjson or elements."""
    if form == "ndjson":
        lines = (line.strip(BLANK) for line in body.split(b"\n"))
        return [_line(row, line) for row, line in enumerate(line for line in lines if line)]
    if form == "elements":
        return _elements(b"[" + body + b"]", body)
    if form == "json":
        stripped = body.strip(BLANK)
        if stripped.startswith(b"["):
            return _elements(stripped, body)
        item = _line(0, stripped)
        # A text that is no JSON at all has no records to point at.
        return [Item(None, body, None, REJECT, item.why)] if item.why.startswith("broken") else [item]
    raise ValueError(f"unknown document form {form!r}")


def _line(row, raw):
    try:
        value = scalars.parse(raw.decode("utf-8"))
    except RecursionError:
        return Item(row, raw, None, REJECT, "nested too deep to parse")
    except ValueError as error:
        return Item(row, raw, None, REJECT, f"broken: {error}")
    return _item(row, raw, value)


def _elements(text_bytes, body):
    """The elements of an array, each with its own bytes. Broken anywhere, the document is one reject."""
    try:
        text = text_bytes.decode("utf-8")
        found = list(_scan_array(text))
    except RecursionError:
        return [Item(None, body, None, REJECT, "nested too deep to parse")]
    except ValueError as error:
        return [Item(None, body, None, REJECT, f"broken: {error}")]
    return [_item(row, text[start:end].encode("utf-8", "surrogatepass"), value)
            for row, (start, end, value) in enumerate(found)]


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
            yield start, at, value
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
    depth, surrogate = _examine(value)
    if surrogate:
        return Item(row, raw, value, REJECT, "half a surrogate pair, which UTF-8 cannot store")
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


def is_lines(whole):
    """Whether a text that is not one JSON value is meant as NDJSON: more lines than one, the first an object."""
    lines = [line for line in whole.split(b"\n") if line.strip(BLANK)]
    return len(lines) > 1 and _line(0, lines[0]).expect != REJECT


def uncovered(whole, documents):
    """Bytes of a source file that belong to no document, or None if only separators are left over.

    `documents` are the plan's, of this file. This is what makes the check complete: a file cut into documents
    must lose nothing between them.
    """
    at = 0
    for document in sorted(documents, key=lambda document: document["offset"]):
        gap = whole[at : document["offset"]].strip(BLANK + (b"[," if document["form"] == "elements" else b""))
        if gap or document["offset"] < at:
            return gap or b"(documents overlap)"
        at = document["offset"] + document["bytes"]
    elements = bool(documents) and documents[-1]["form"] == "elements"
    return whole[at:].strip(BLANK + (b"]" if elements else b"")) or None

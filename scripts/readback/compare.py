"""Sets the source documents against the rows of the lake: I-2 and I-4, checked from outside."""

import base64
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from readback import lake as lakes
from readback import rebuild, scalars, source


@dataclass(slots=True)
class Report:
    """What was compared, and what was wrong."""

    records: int = 0
    rows: int = 0
    rejects: int = 0
    scalars: int = 0
    problems: list = field(default_factory=list)


def compare(lake, table, files, rows_of):
    """Compares root table `table` of a lake with its source files.

    `files`: path as the plans name it -> path to read. `rows_of(table)` gives physical rows as dicts.
    """
    report = Report()
    tables, plans = lakes.registry(lake, table), lakes.plans(lake, table)
    report.problems.extend(lakes.check_parts(lake, tables, plans))
    rows = {name: rows_of(name) for name in tables}
    ids = {document["id"] for plan in plans for document in plan["documents"]}
    rejects = [row for row in rows_of(lakes.REJECTS) if row.get("table_name") == table]
    report.problems.extend(_check_lineage(plans, rows, rejects))

    records = rebuild.rebuild(tables, rows.__getitem__)
    rejected = defaultdict(list)
    for reject in rejects:
        rejected[reject["_id"], reject.get("_row")].append(reject)
    report.rows = sum(len(found) for found in rows.values())
    report.rejects = len(rejects)

    expected = set()
    for name, path in files.items():
        documents = [document for plan in plans for document in plan["documents"] if document["source"] == name]
        for document, item in _items(name, path, documents, report):
            key = place(document["id"], item, rejected)
            expected.add(key)
            check_item(key, item, records, rejected, report)
    for key in sorted((records.keys() | rejected.keys()) - expected, key=str):
        report.problems.append(f"rows or rejects of {key}, which no source file holds")
    if unknown := {document["source"] for plan in plans for document in plan["documents"]} - files.keys():
        report.problems.append(f"plans name files that were not given: {sorted(unknown)}")
    if repeated := [key for key, times in Counter(_ids(plans)).items() if times > 1]:
        report.problems.append(f"documents in two plans: {repeated}")
    if not ids or not report.records:
        report.problems.append("nothing to compare")
    return report


def _ids(plans):
    return [document["id"] for plan in plans for document in plan["documents"]]


def _items(name, path, documents, report):
    """The file's items with their documents, after checking that the documents are the whole file."""
    whole = Path(path).read_bytes()
    if whole.startswith(b"\x1f\x8b"):
        whole = gzip.decompress(whole)
    if lost := source.uncovered(whole, documents):
        report.problems.append(f"{name}: no document holds {lost[:60]!r}")
    found = []
    for document in sorted(documents, key=lambda document: document["offset"]):
        body = whole[document["offset"] : document["offset"] + document["bytes"]]
        found.extend((document, item) for item in source.items(body, document["form"]))
    # Read as one JSON text, the file must give the same records, whatever form the documents were taken for.
    one = source.records_of_text(whole)
    if one is not None and [item.record for _, item in found if item.record is not None] != one:
        report.problems.append(f"{name}: its documents do not hold the records of the file")
    # The other mistake would pass for one broken document: good lines rejected with a bad one.
    if one is None and source.is_lines(whole) and any(document["form"] != "ndjson" for document in documents):
        report.problems.append(f"{name}: is lines of JSON, but was not taken for that")
    report.records += len(found)
    return found


def _check_lineage(plans, rows, rejects):
    received = {document["id"]: plan["received_at_ms"] for plan in plans for document in plan["documents"]}
    for name, found in (*rows.items(), (lakes.REJECTS, rejects)):
        for row in found:
            at, document = row.get("_received_at"), row.get("_id")
            if at is None or at != received.get(document):
                yield f"{name}: _received_at {at} of {document} is not its batch's"
            elif row["ingest_date"] != datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d"):
                yield f"{name}: received at {at}, filed under {row['ingest_date']}"


def place(document, item, rejected):
    """Where the item must stand: document and row."""
    if item.or_row is not None and (document, item.row) not in rejected:
        return document, item.or_row
    return document, item.row


def check_item(key, item, records, rejected, report):
    """One item of a document against what stands at its place: `records` as `rebuild` gives them, `rejected` rows of
    rejects by the same key."""
    record, rejects = records.get(key), rejected.get(key, [])
    stored = (record.root_rows if record else 0, len(rejects))
    where = f"{key[0]} row {key[1]}"
    if stored not in ((1, 0), (0, 1)):
        report.problems.append(f"{where}: {stored[0]} root rows and {stored[1]} rejects ({item.why or 'a record'})")
        return
    kind = source.ROW if stored[0] else source.REJECT
    if item.expect not in (kind, source.EITHER):
        told = f", rejected as {rejects[0]['code']}: {rejects[0]['message']}" if rejects else ""
        report.problems.append(f"{where}: a {kind}, not a {item.expect} ({item.why or 'a record'}){told}")
    elif kind == source.REJECT:
        _check_reject(where, item, rejects[0], record, report)
    else:
        report.problems.extend(f"{where}: {problem}" for problem in _check_record(item.record, record))
        report.scalars += len(record.scalars)


def _check_reject(where, item, reject, record, report):
    decode = {"utf8": lambda text: text.encode("utf-8"), "base64": base64.b64decode}[reject["content_encoding"]]
    if decode(reject["content"]).strip(source.BLANK) != item.raw.strip(source.BLANK):
        report.problems.append(f"{where}: the reject's content is not the record's bytes")
    if not reject.get("code") or not reject.get("message"):
        report.problems.append(f"{where}: a reject without a reason")
    if record is not None:
        report.problems.append(f"{where}: a reject with {record.rows} rows")


def _check_record(value, record):
    yield from record.problems
    wanted = dict(scalars.flatten(value))
    for path, stored in record.scalars:
        at = scalars.pointer(path)
        if path not in wanted:
            yield f"{at} stored in {stored.column} ({stored.value!r:.80}), not in the source, or stored twice"
        elif not stored.is_source(original := wanted.pop(path)):
            yield f"{at} is {original!r:.80}, read back as {stored.kind} {stored.value!r:.80} from {stored.column}"
    for path, original in wanted.items():
        yield f"{scalars.pointer(path)} is lost: {original!r:.80}"
    for path, positions in record.elements.items():
        # One row an element, null elements too: gaps would make positions in SQL mean nothing.
        array = _at(value, path)
        if not isinstance(array, list) or sorted(positions) != list(range(len(array))):
            yield f"child rows {sorted(positions)[:20]} of {scalars.pointer(path)} are not its elements"


def _at(value, path):
    for token in path:
        try:
            value = value[token]
        except (KeyError, IndexError, TypeError):
            return None
    return value

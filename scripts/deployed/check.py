"""What came of the documents, judged from outside: the ledger, the rows by DuckDB, by
ministack's Athena and by Trino, the rejects."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from readback import compare, rebuild, scalars, source
from readback import lake as lakes
from readback.duck import DuckDb

from deployed import athena, corpus, lake, ledger

PROBLEMS_SHOWN = 20
# Of each root table, so many columns are read through Athena as well.
SAMPLED_COLUMNS = 4


@dataclass(slots=True)
class Seen:
    """What was compared, and what was wrong."""

    documents: int = 0
    records: int = 0
    rows: int = 0
    child_rows: int = 0
    rejects: int = 0
    scalars: int = 0
    tables: int = 0
    sampled: int = 0
    viewed: int = 0
    batches: int = 0
    problems: list = field(default_factory=list)


def check(stack, documents, folder):
    """Compares everything with the posted documents. `folder`: an empty one for a copy of the lake."""
    seen = Seen(documents=len(documents))
    lake.fetch(stack.s3, folder)
    rows_of = _Rows(DuckDb(folder))
    rejected = defaultdict(list)
    for row in rows_of(lakes.REJECTS):
        rejected[row["_id"], row.get("_row")].append(row)
    seen.rejects = sum(map(len, rejected.values()))

    posted = defaultdict(list)
    for document in documents:
        posted[document.table.lower()].append(document)
    places = set()
    shown = {}
    for table, posts in posted.items():
        tables = lakes.registry(folder, table) if Path(folder, "_registry", table).is_dir() else {}
        records = rebuild.rebuild(tables, rows_of)
        for document in posts:
            places |= _check_document(stack, document, table, records, rejected, seen)
        _check_lineage(tables, rows_of, posts, seen)
        seen.problems += [f"rows of {key}, which was not posted" for key in records.keys() - places]
        shown |= {name: (table, found) for name, found in tables.items()}
    seen.problems += [f"rejects of {key}, which was not posted" for key in rejected.keys() - places]
    seen.tables = len(shown)
    _check_athena(stack, shown, rows_of, {document.id: document for document in documents}, seen)
    _check_catalog(stack, shown, seen)
    athena.check(stack.emulator.endpoint, shown, rows_of, seen)
    _check_batches(stack, seen)
    return seen


class _Rows:
    """Physical rows by table, read once."""

    def __init__(self, engine):
        self._engine = engine
        self._read = {}

    def __call__(self, table):
        if table not in self._read:
            self._read[table] = self._engine.rows(table)
        return self._read[table]


def _check_document(stack, document, table, records, rejected, seen):
    """Checks one document; answers the places of its records."""
    items = _items(document, table)
    places = set()
    for item in items:
        key = compare.place(document.id, item, rejected)
        places.add(key)
        compare.check_item(key, item, records, rejected, seen)
    seen.records += len(items)
    rows, rejects = sum(key in records for key in places), sum(len(rejected[key]) for key in places if key in rejected)
    state = "partly_rejected" if rows and rejects else "normalized" if rows else "rejected"
    # What names no table that can be is kept with the rejects (DESIGN 2.1).
    told = ledger.document(stack.dynamodb, table if "-" not in table else lakes.REJECTS, document.id) or {}
    if (told.get("state"), told.get("rows"), told.get("rejects")) != (state, rows, rejects):
        seen.problems.append(f"the ledger says of {document.id} of {table}: {told}, not {state}, {rows}, {rejects}")
    return places


def _items(document, table):
    """What each record of a document must become."""
    if document.raw or not corpus.is_read(table, document.content_type):
        return [source.Item(None, document.body, None, source.REJECT, "no such document can be")]
    return source.items(document.body, document.form)


def _check_lineage(tables, rows_of, posts, seen):
    by_id = {document.id: document for document in posts}
    for name, table in tables.items():
        rows = rows_of(name)
        child = table.parent is not None
        seen.child_rows += len(rows) if child else 0
        seen.rows += 0 if child else len(rows)
        places = Counter((row["_id"], row["_row"], row.get("_path")) for row in rows)
        seen.problems += [f"{name}: {times} rows of {place}" for place, times in places.items() if times > 1]
        for row in rows:
            document = by_id.get(row["_id"])
            if document is None:
                continue
            day = datetime.fromtimestamp(document.received_at_ms / 1000, UTC).strftime("%Y-%m-%d")
            if (row["_received_at"], row["ingest_date"]) != (document.received_at_ms, day):
                seen.problems.append(f"{name}: {row['_id']} received {row['_received_at']}, {row['ingest_date']}")
            if not child and (row.get("_principal") or "") != document.principal:
                seen.problems.append(f"{name}: {row['_id']} posted by {row.get('_principal')!r}")


def _check_athena(stack, shown, rows_of, posted, seen):
    """ministack's Athena: counts of all tables, and some values of each root table against the posted JSON.

    Only `lake_files`: it knows no views of Presto, and takes a column's type from the files, not from Glue.
    """
    names = [*shown, lakes.REJECTS]
    counted = lake.counts(stack.athena, names)
    for name in names:
        rows = rows_of(name)
        if counted.get(name) != (expected := (len(rows), len({row["_id"] for row in rows}))):
            seen.problems.append(f"Athena counts {counted.get(name)} rows and documents in {name}, not {expected}")
    for name, (root, table) in shown.items():
        if name == root:
            _sample(stack, name, table, posted, seen)


def _sample(stack, name, table, posted, seen):
    columns = [column for column in table.columns.values() if column.kind in ("string", "bigint")]
    columns = sorted(columns, key=lambda column: (len(column.path), column.name))[:SAMPLED_COLUMNS]
    selected = ", ".join(f'"{column.name}"' for column in columns)
    for document, row, *values in lake.query(stack.athena, f'SELECT _id, _row, {selected} FROM "lake_files"."{name}"'):
        items = source.items(posted[document].body, posted[document].form)
        record = next(item.record for item in items if item.row == int(row))
        for column, value in zip(columns, values, strict=True):
            original = _at(record, column.path)
            text = original.text if isinstance(original, scalars.Number) else original
            kind = "bigint" if isinstance(original, scalars.Number) else "string"
            expected = text if isinstance(text, str) and kind == column.kind else None
            seen.sampled += value is not None
            # Athena's answer does not tell an empty text from none here.
            if (value or None) != (expected or None):
                seen.problems.append(f"Athena: {column.name} of {document} row {row} is {value!r:.80}, not {expected!r:.80}")


def _at(record, path):
    for key in path:
        record = record.get(key) if isinstance(record, dict) else None
    return record


def _check_catalog(stack, shown, seen):
    """Glue has a physical table and a view of each table."""
    for database, kind in (("lake_files", "EXTERNAL_TABLE"), ("lake", "VIRTUAL_VIEW")):
        pages = stack.glue.get_paginator("get_tables").paginate(DatabaseName=database)
        told = {table["Name"]: table for page in pages for table in page["TableList"]}
        if lost := {*shown, lakes.REJECTS} - told.keys():
            seen.problems.append(f"Glue lacks {sorted(lost)[:5]} in {database}")
        seen.problems += [f"{name} is a {table.get('TableType')} in {database}" for name, table in told.items()
                          if table.get("TableType") != kind]
        for name, (_, table) in shown.items() if database == "lake_files" else ():
            declared = {column["Name"] for column in told.get(name, {}).get("StorageDescriptor", {}).get("Columns", [])}
            if lost := table.columns.keys() - declared:
                seen.problems.append(f"Glue lacks columns of {name}: {sorted(lost)[:5]}")


def _check_batches(stack, seen):
    batches = ledger.batches(stack.dynamodb)
    seen.batches = len(batches)
    seen.problems += [f"batch {batch['id']} is {batch['state']}" for batch in batches if batch["state"] != "committed"]
    for queue in (stack.announcements, stack.batches, *stack.dead):
        if left := stack.messages(queue):
            seen.problems.append(f"{left} messages in {queue.rsplit('/', 1)[-1]}")

"""What people query: the declared tables and views of one root table against its registry and physical rows."""

from readback import timestamps
from readback.lake import LINEAGE_KINDS, REJECT_KINDS, REJECTS

TYPES = {"boolean": "boolean", "bigint": "bigint", "double": "double", "timestamp": "timestamp(3)",
         **dict.fromkeys(("number", "string", "json"), "varchar")}
PARTITIONS = ("tier", "ingest_date")


def trino_type(kind):
    return f"array({trino_type(kind.removeprefix('list_'))})" if kind.startswith("list_") else TYPES[kind]


def check_declared(table, declared):
    """Problems of the declared physical table: its columns must be the registry's, no more, no fewer."""
    wanted = {name: trino_type(LINEAGE_KINDS[name]) for name in (*table.lineage, "_rest")}
    wanted |= {column.name: trino_type(column.kind) for column in table.columns.values()}
    yield from _check_columns(table.name, wanted, declared)
    if tuple(column.name for column in declared.partitions) != PARTITIONS:
        yield f"{table.name} is partitioned by {declared.partitions}"


def check_declared_rejects(declared):
    yield from _check_columns(declared.name, {name: trino_type(kind) for name, kind in REJECT_KINDS.items()}, declared)


def _check_columns(name, wanted, declared):
    found = {column.name: column.type for column in declared.columns}
    if found != wanted:
        yield f"{name} is declared with {_difference(found, wanted)}"


def columns(table):
    """The view's columns: name -> physical columns, of which at most one holds a value in any row.

    DESIGN.md 2.3: bigint and double at one path are one double, under the name of the first, as long as every
    bigint ever stored there is exact in a double.
    """
    shown = {name: (name,) for name in (*table.lineage, "_rest")}
    numbers = {}
    for column in table.columns.values():
        if column.kind in ("bigint", "double"):
            numbers.setdefault(column.path, []).append(column)
    merged = {path: pair for path, pair in numbers.items()
              if len(pair) == 2 and all(column.exact for column in pair if column.kind == "bigint")}
    for column in table.columns.values():
        pair = merged.get(column.path) if column.kind in ("bigint", "double") else None
        if pair is None:
            shown[column.name] = (column.name,)
        elif column is pair[0]:
            shown[column.name] = tuple(one.name for one in pair)
    return shown


def check_view(table, physical, names, seen):
    """Problems of a view (its columns' `names`, the rows `seen`) against the physical rows of the same engine."""
    yield from _check_view(table.name, columns(table), physical, names, seen)


def check_rejects_view(physical, names, seen):
    yield from _check_view(REJECTS, {name: (name,) for name in REJECT_KINDS}, physical, names, seen)


def _check_view(view, shown, physical, names, seen):
    # The partition keys may be shown or not; everything else is fixed.
    if sorted(set(names) - set(PARTITIONS)) != sorted(shown):
        yield f"view {view} has {_difference(dict.fromkeys(names, ''), dict.fromkeys(shown, ''))}"
        return
    live = [row for row in physical if row["tier"] == "live"]
    wanted = {_key(row): {name: _value(row, sources) for name, sources in shown.items()} for row in live}
    if len(seen) != len(live) or {_key(row) for row in seen} != wanted.keys():
        yield f"view {view} has {len(seen)} rows for {len(live)} live ones, or others"
        return
    for row in seen:
        for name, value in wanted[_key(row)].items():
            # repr: 1 is not 1.0 and 0.0 is not -0.0.
            if repr(row[name]) != repr(value):
                yield f"view {view}: {name} of {_key(row)} is {row[name]!r:.80}, stored {value!r:.80}"


def _key(row):
    return row["_id"], row["_row"], row.get("_path")


def _value(row, sources):
    values = [row.get(name) for name in sources]
    found = next((value for value in values if value is not None), None)
    return float(found) if len(sources) > 1 and found is not None else found


def probe(table, physical):
    """A query that Parquet statistics may answer, with the count it must give; None if no column suits.

    Wrong statistics do not show in a full scan: they make Athena skip rows that it should find.
    """
    for column in table.columns.values():
        values = [row.get(column.name) for row in physical]
        present = [value for value in values if value is not None]
        literal = _literal(column.kind, present[-1]) if present else None
        if literal is not None:
            return f'"{column.name}" = {literal}', values.count(present[-1])
    return None


def _literal(kind, value):
    match kind:
        case "bigint":
            return str(value)
        case "double":
            return f"DOUBLE '{value!r}'"
        case "timestamp":
            return f"TIMESTAMP '{timestamps.to_text(value).replace('T', ' ').removesuffix('Z')}'"
        case "string" | "number" if value.isprintable() and len(value) < 1000:
            return "'" + value.replace("'", "''") + "'"
    return None


def _difference(found, wanted):
    missing = {name: kind for name, kind in wanted.items() if found.get(name) != kind}
    extra = {name: kind for name, kind in found.items() if name not in wanted}
    return f"columns missing or of another type: {missing}; not expected: {extra}"

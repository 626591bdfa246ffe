"""From physical rows back to scalars: what the lake says a record was."""

from collections import defaultdict
from dataclasses import dataclass, field

from readback import scalars, timestamps
from readback.scalars import Number


@dataclass(frozen=True, slots=True)
class Stored:
    """A scalar as stored: the column's scalar kind, the value, and where it stood."""

    kind: str
    value: object
    column: str

    def is_source(self, source):
        """Whether this is the source's scalar, of the same JSON type and exactly the same value."""
        if isinstance(source, Number):
            return self._is_number(source.text)
        if isinstance(source, bool) or isinstance(self.value, bool):
            return source is self.value
        return isinstance(self.value, str) and self.kind in ("string", "timestamp", "json") and source == self.value

    def _is_number(self, text):
        match self.kind:
            case "bigint":
                # Only integers as written belong there: 1.0 and -0 do not.
                return type(self.value) is int and text == str(self.value)
            case "double":
                return type(self.value) is float and scalars.carried_by_double(text, self.value)
            case "number":
                return text == self.value
            case "json":
                return isinstance(self.value, Number) and (
                    scalars.magnitude(self.value.text) == scalars.magnitude(text))
        return False


@dataclass(slots=True)
class Rebuilt:
    """One record, rebuilt from its rows."""

    scalars: list = field(default_factory=list)
    root_rows: int = 0
    rows: int = 0
    # Array path -> the positions that have a child row.
    elements: dict = field(default_factory=lambda: defaultdict(list))
    problems: list = field(default_factory=list)


def rebuild(tables, rows_of):
    """Rebuilt records by `(document id, row)`. `rows_of(table)` gives the physical rows as dicts."""
    records = defaultdict(Rebuilt)
    for table in tables.values():
        paths_seen = defaultdict(set)
        for row in rows_of(table.name):
            key = (row.get("_id"), row.get("_row"))
            record = records[key]
            record.rows += 1
            base = ()
            if table.parent is None:
                record.root_rows += 1
            else:
                base = _base(table, row, record)
                if base is None:
                    continue
                if row["_path"] in paths_seen[key]:
                    record.problems.append(f"{table.name} has two rows at {row['_path']}")
                paths_seen[key].add(row["_path"])
            try:
                record.scalars.extend((base + path, stored) for path, stored in _row_scalars(table, row))
            except ValueError as error:
                record.problems.append(f"{table.name}: {error}")
    return records


def _base(table, row, record):
    """The path of the element that a child row holds, or None if its lineage contradicts itself."""
    told, index, parent = (row.get(name) for name in ("_path", "_index", "_parent"))
    try:
        positions = [int(text) for text in told.split(".")]
    except (ValueError, AttributeError):
        positions = []
    above = ".".join(str(position) for position in positions[:-1])
    if len(positions) != len(table.chain) or (index, parent) != (positions[-1], above):
        record.problems.append(f"{table.name}: _path {told!r}, _index {index!r}, _parent {parent!r} do not agree")
        return None
    base = ()
    for level, position in zip(table.chain, positions, strict=True):
        array = base + level.path
        base = (*array, position)
    record.elements[array].append(positions[-1])
    return base


def _row_scalars(table, row):
    """Yields `(path within the record or element, stored)` for one physical row."""
    columns = [column for column in table.columns.values() if row.get(column.name) is not None]
    # A timestamp that does not give back its source text stands beside a string at the same path; that is the value.
    told = {(column.path, column.kind) for column in columns}
    for column in columns:
        if column.kind.endswith("timestamp") and (column.path, column.kind.replace("timestamp", "string")) in told:
            continue
        yield from _column_scalars(column.kind, row[column.name], column.path, column.name)
    if row.get("_rest") is not None:
        rest = scalars.parse(row["_rest"])
        if not isinstance(rest, dict):
            raise ValueError(f"_rest is no object: {row['_rest'][:80]}")
        for text, value in rest.items():
            for path, scalar in scalars.flatten(value, scalars.keys_of_pointer(text)):
                yield path, Stored("json", scalar, "_rest")


def _column_scalars(kind, value, path, name):
    if kind.startswith("list_"):
        for position, element in enumerate(value):
            if element is not None:
                yield from _column_scalars(kind.removeprefix("list_"), element, (*path, position), name)
    elif kind == "json":
        for inner, scalar in scalars.flatten(scalars.parse(value), path):
            yield inner, Stored("json", scalar, name)
    elif kind == "timestamp":
        yield path, Stored(kind, timestamps.to_text(value), name)
    else:
        yield path, Stored(kind, value, name)

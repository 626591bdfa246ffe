"""What a lake says about itself: registry, plans and part files, read without Sluice."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from readback.scalars import keys_of_pointer

REJECTS = "sluice_rejects"
LINEAGE_ROOT = ("_id", "_row", "_received_at", "_principal")
LINEAGE_CHILD = ("_id", "_row", "_received_at", "_index", "_path", "_parent")
LINEAGE_KINDS = {"_id": "string", "_row": "bigint", "_received_at": "timestamp", "_principal": "string",
                 "_index": "bigint", "_path": "string", "_parent": "string", "_rest": "string"}
REJECT_KINDS = {"_id": "string", "_row": "bigint", "_received_at": "timestamp",
                **dict.fromkeys(("table_name", "code", "message", "pointer", "content", "content_encoding"), "string")}
# The only Parquet types a kind may have (DESIGN.md 2.5), as `physical logical`.
PHYSICAL = {
    "boolean": "BOOLEAN None",
    "bigint": "INT64 None",
    "double": "DOUBLE None",
    "timestamp": "INT64 Timestamp(isAdjustedToUTC=true, timeUnit=milliseconds, is_from_converted_type=false, "
                 "force_set_converted_type=false)",
    **dict.fromkeys(("number", "string", "json"), "BYTE_ARRAY String"),
}


@dataclass(slots=True)
class Column:
    name: str
    path: tuple
    kind: str
    # Of a bigint column: every value ever stored is exact in a double. Absent means that it is so.
    exact: bool


@dataclass(slots=True)
class Table:
    name: str
    parent: str | None
    # Keys from the record, or from the parent's element, to the array whose elements are this table's rows.
    path: tuple
    columns: dict[str, Column]
    # Tables from the root's first child table down to this one; empty for the root.
    chain: list["Table"] = field(default_factory=list)

    @property
    def lineage(self):
        return LINEAGE_ROOT if self.parent is None else LINEAGE_CHILD


def registry(lake, table):
    """The latest version of a root table's registry: its tables by name, the root first.

    Empty for a table that has never had a row: its rejects need no registry.
    """
    versions = list(Path(lake, "_registry", table, "g1").glob("*.json"))
    if not versions:
        return {}
    latest = max(versions, key=lambda path: int(path.stem))
    found = json.loads(latest.read_text("utf-8"))
    if (found["format"], found["table"], found["generation"]) != (1, table, 1):
        raise ValueError(f"{latest} is not generation 1 of {table} in format 1")
    tables = {}
    for entry in found["tables"]:
        columns = {column["name"]: Column(column["name"], keys_of_pointer(column["path"]), column["kind"],
                                          column.get("exact", True))
                   for column in entry["columns"]}
        if len(columns) != len(entry["columns"]):
            raise ValueError(f"{latest}: two columns of {entry['name']} share a name")
        made = Table(entry["name"], entry["parent"], keys_of_pointer(entry["path"]), columns)
        if made.parent is not None:
            made.chain = [*tables[made.parent].chain, made]
        tables[made.name] = made
    return tables


def plans(lake, table):
    """All plans of a root table."""
    folder = Path(lake, "_plans", table, "g1")
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


def check_parts(lake, tables, all_plans):
    """Problems of the part files: against their plans, and of their physical types against the registry."""
    planned = {part["key"]: part for plan in all_plans for part in plan["parts"]}
    folders = [name for name in tables if Path(lake, name).is_dir()]
    present = {str(path.relative_to(lake)) for name in folders for path in Path(lake, name).rglob("*.parquet")}
    of_rejects = {key for key in planned if key.startswith(f"{REJECTS}/")}
    for key in sorted(present - planned.keys()):
        yield f"{key} is in no plan"
    for key in sorted(planned.keys() - of_rejects - present):
        yield f"{key} is planned but not there"
    for key in sorted(planned.keys() & (present | of_rejects)):
        path = Path(lake, key)
        part = planned[key]
        if not path.is_file():
            yield f"{key} is planned but not there"
            continue
        if key not in of_rejects and part["table"] not in tables:
            yield f"{key} is of a table that the registry does not have"
            continue
        body = path.read_bytes()
        if hashlib.sha256(body).hexdigest() != part["sha256"] or len(body) != part["bytes"]:
            yield f"{key} is not the file that was planned (size or sha256)"
        kinds = dict(REJECT_KINDS) if key in of_rejects else _kinds(tables[part["table"]])
        for problem in _check_part(path, part["rows"], kinds):
            yield f"{key}: {problem}"


def _kinds(table):
    kinds = {name: LINEAGE_KINDS[name] for name in (*table.lineage, "_rest")}
    return kinds | {column.name: column.kind for column in table.columns.values()}


def _check_part(path, rows, kinds):
    # Here, because who only wants the registry may lack pyarrow.
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as part:
        metadata, schema = part.metadata, part.schema
        if metadata.num_rows != rows:
            yield f"{metadata.num_rows} rows, {rows} planned"
        for leaf in range(len(schema)):
            column = schema.column(leaf)
            name = column.path.split(".")[0]
            kind = kinds.get(name)
            if kind is None:
                yield f"column {name} is not in the registry"
                continue
            physical = f"{column.physical_type} {column.logical_type}"
            depth = kind.count("list_")
            scalar = kind.removeprefix("list_" * depth)
            # A list adds a repetition, so this also catches a list where a scalar belongs and the reverse.
            if physical != PHYSICAL[scalar] or column.max_repetition_level != depth:
                yield f"column {name} is {physical} in {column.max_repetition_level} lists, not {kind}"

"""Child process: compares the lake that Sluice wrote with the Parquet files that DuckDB wrote.

Every leaf of DuckDB's schema is compared, and Sluice must have no other columns than these. Of each column:
count, smallest, largest and sum of its values, and a sum of hashes of (key of the record, position, value), which
differs as soon as one value is another or stands in another row. Arrays of objects are Sluice's child tables;
on DuckDB's side they are unnested. Prints JSON: rows by table, columns compared, differences.
"""

import json
import pathlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb

TABLE = "bench"
COLUMNS_A_QUERY = 150
PLAIN_NAME = re.compile(r"(?!.*__)[a-z][a-z0-9_]*(?<!_)")  # what Sluice takes over as it is
LINEAGE = {"_id", "_row", "_received_at", "_principal", "_index", "_path", "_parent"}

# DuckDB's types by what Sluice must have made of the same JSON text. DuckDB reads some strings as something
# else; Sluice's text is cast to that before the two are compared.
INTEGERS = {"bigint", "ubigint", "hugeint"}
FROM_STRING = {"uuid", "timestamp", "timestamp with time zone", "date", "time"}
NUMBERS = {*INTEGERS, "double"}


@dataclass
class Leaf:
    """A column of a table: its name in the lake, and where DuckDB has it."""

    name: str
    expression: str
    type: duckdb.sqltypes.DuckDBPyType


@dataclass
class Level:
    """A table of the lake. `steps`: SQL expressions of the arrays to unnest, outermost first."""

    name: str
    steps: list[str]
    leaves: list[Leaf] = field(default_factory=list)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def is_array_of_objects(kind) -> bool:
    return kind.id == "list" and dict(kind.children)["child"].id == "struct"


def collect(level: Level, prefix: str, base: str, fields, levels: list[Level]) -> None:
    """Adds the leaves of `fields` to `level`, and to `levels` the tables of the arrays of objects among them."""
    for name, kind in fields:
        if not PLAIN_NAME.fullmatch(name):
            raise SystemExit(f"column {name!r}: this comparison knows plain names only")
        path = f"{prefix}__{name}" if prefix else name
        expression = f"{base}.{quoted(name)}" if base else quoted(name)
        if kind.id == "struct":
            collect(level, path, expression, kind.children, levels)
        elif is_array_of_objects(kind):
            child = Level(f"{level.name}__{path}", [*level.steps, expression])
            levels.append(child)
            collect(child, "", "element", dict(kind.children)["child"].children, levels)
        else:
            level.leaves.append(Leaf(path, expression, kind))


def duckdb_rows(level: Level, key: str, files: str) -> str:
    """SQL of the level's rows on DuckDB's side: `hk` (hash of key and position), and the leaves."""
    source = f"SELECT *, CAST({quoted(key)} AS VARCHAR) AS k, '' AS p FROM read_parquet('{files}')"
    for depth, step in enumerate(level.steps):
        separator = "'.' || " if depth else ""
        source = (
            f"SELECT k, p || {separator}place AS p, p AS parent, place, element FROM (SELECT k, p, "
            f"unnest(range(len({step}))) AS place, unnest({step}) AS element FROM ({source}))"
        )
    return source


def sluice_rows(level: Level, key: str, lake: pathlib.Path) -> str:
    def parts(table: str) -> str:
        return f"read_parquet('{lake}/{table}/**/*.parquet', union_by_name = true, hive_partitioning = false)"

    if not level.steps:
        return f"SELECT *, CAST({quoted(key)} AS VARCHAR) AS k, '' AS p FROM {parts(level.name)}"
    # A child row has no key of its own: its record lends it.
    return (
        f"SELECT child.*, CAST(root.{quoted(key)} AS VARCHAR) AS k, child._path AS p FROM {parts(level.name)} child "
        f"JOIN (SELECT _id, _row, {quoted(key)} FROM {parts(TABLE)}) root USING (_id, _row)"
    )


def canonical(expression: str, kind) -> str:
    """The value in a form that both sides share: no data is NULL, numbers and lists have one type."""
    if kind.id == "list":
        return f"CASE WHEN len({expression}) > 0 THEN CAST({expression} AS {kind}) END"
    if kind.id in INTEGERS:
        return f"CAST({expression} AS BIGINT)"
    return f"CAST({expression} AS {kind})"


def same_type(theirs, ours) -> bool:
    """Whether DuckDB's type and Sluice's are what one JSON kind becomes."""
    if theirs.id == "list":
        return ours.id == "list" and same_type(dict(theirs.children)["child"], dict(ours.children)["child"])
    if theirs.id in FROM_STRING:
        return ours.id in ("varchar", theirs.id)
    if theirs.id in INTEGERS:
        return ours.id == "bigint"
    return theirs.id == ours.id


def figures(connection, rows: str, columns: list[tuple[str, duckdb.sqltypes.DuckDBPyType]]) -> list[tuple]:
    """(count, min, max, sum, hash) of each column of `rows`: (expression, DuckDB's type)."""
    result: list[tuple] = []
    for start in range(0, len(columns), COLUMNS_A_QUERY):
        some = columns[start : start + COLUMNS_A_QUERY]
        values = ", ".join(f"{canonical(expression, kind)} AS c{n}" for n, (expression, kind) in enumerate(some))
        wanted = []
        for n, (_, kind) in enumerate(some):
            total = "NULL"
            if kind.id in NUMBERS:
                total = f"sum(CAST(c{n} AS DECIMAL(38, 9)))"
            # 48 bits of each hash: 64 do not fit BIGINT, and a HUGEINT sums slowly.
            wanted.append(
                f"[CAST(count(c{n}) AS VARCHAR), CAST(min(c{n}) AS VARCHAR), CAST(max(c{n}) AS VARCHAR), "
                f"CAST({total} AS VARCHAR), "
                f"CAST(sum(CASE WHEN c{n} IS NOT NULL THEN CAST(hash(hk, c{n}) >> 16 AS BIGINT) END) AS VARCHAR)]"
            )
        sql = f"SELECT {', '.join(wanted)} FROM (SELECT hash(k, p) AS hk, {values} FROM ({rows}))"
        result.extend(tuple(column) for column in connection.execute(sql).fetchone())
    return result


def parts_below(folder: pathlib.Path) -> bool:
    return next(folder.rglob("*.parquet"), None) is not None


def compare_level(connection, level: Level, key: str, files: str, lake: pathlib.Path) -> Iterator[str]:
    """Differences of one table, as sentences."""
    theirs, ours = duckdb_rows(level, key, files), sluice_rows(level, key, lake)
    relation = connection.sql(f"SELECT * FROM ({ours}) LIMIT 0")
    have = dict(zip(relation.columns, relation.types, strict=True))

    if level.steps:  # positions are columns like others
        for name, expression in (("_index", "place"), ("_path", "p"), ("_parent", "parent")):
            kind = duckdb.sqltype("BIGINT" if name == "_index" else "VARCHAR")
            level.leaves.append(Leaf(name, expression, kind))
    typed = [leaf for leaf in level.leaves if leaf.name in have and same_type(leaf.type, have[leaf.name])]
    for leaf in level.leaves:
        if leaf in typed:
            continue
        filled = connection.execute(
            f"SELECT count({canonical(leaf.expression, leaf.type)}) FROM ({theirs})"
        ).fetchone()[0]
        if leaf.name in have:
            filled += connection.execute(f"SELECT count({quoted(leaf.name)}) FROM ({ours})").fetchone()[0]
        if filled:
            yield f"{level.name}.{leaf.name}: sluice has {have.get(leaf.name, 'no such column')}, duckdb {leaf.type}"
    named = {leaf.name for leaf in level.leaves} | LINEAGE | {"k", "p"}
    for name in sorted(set(have) - named):
        filled = connection.execute(f"SELECT count({quoted(name)}) FROM ({ours})").fetchone()[0]
        if filled:
            yield f"{level.name}.{name}: only sluice has this column, with {filled} values"

    left = figures(connection, theirs, [(leaf.expression, leaf.type) for leaf in typed])
    right = figures(connection, ours, [(quoted(leaf.name), leaf.type) for leaf in typed])
    for leaf, their, our in zip(typed, left, right, strict=True):
        for what, one, other in zip(("count", "min", "max", "sum", "hash"), our, their, strict=True):
            if one != other:
                yield f"{level.name}.{leaf.name}: {what} is {one} for sluice, {other} for duckdb"


def compare(lake: pathlib.Path, duckdb_out: pathlib.Path, key: str, threads: int) -> dict[str, object]:
    connection = duckdb.connect(config={"threads": threads})
    connection.execute("SET TimeZone = 'UTC'")
    files = f"{duckdb_out}/*.parquet"
    relation = connection.sql(f"SELECT * FROM read_parquet('{files}') LIMIT 0")
    root = Level(TABLE, [])
    levels = [root]
    collect(root, "", "", list(zip(relation.columns, relation.types, strict=True)), levels)

    differences: list[str] = []
    rows: dict[str, int] = {}
    columns = 0
    tables = {path.name for path in lake.iterdir() if path.is_dir() and parts_below(path)}
    for level in levels:
        count = connection.execute(f"SELECT count(*) FROM ({duckdb_rows(level, key, files)})").fetchone()[0]
        rows[level.name] = count
        if level.name not in tables:
            if count:
                differences.append(f"{level.name}: sluice has no such table, duckdb {count} rows")
            continue
        ours = connection.execute(f"SELECT count(*) FROM ({sluice_rows(level, key, lake)})").fetchone()[0]
        if ours != count:
            differences.append(f"{level.name}: {ours} rows for sluice, {count} for duckdb")
        differences.extend(compare_level(connection, level, key, files, lake))
        columns += len(level.leaves)
    for extra in sorted(tables - set(rows)):
        differences.append(f"{extra}: only sluice has this table")
    return {"rows": rows, "columns": columns, "differences": differences}


def main() -> None:
    lake, duckdb_out, key, threads = sys.argv[1:]
    print(json.dumps(compare(pathlib.Path(lake), pathlib.Path(duckdb_out), key, int(threads))))


if __name__ == "__main__":
    main()

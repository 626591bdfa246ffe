"""DuckDB reads a lake; an engine of `readback.engines` that needs no other engine installed."""

from pathlib import Path

import duckdb


def parts(lake, table):
    """The part files of a physical table."""
    return sorted(Path(lake, table, "g1").glob("tier=*/ingest_date=*/*.parquet"))


class DuckDb:
    name = "duckdb"

    def __init__(self, lake):
        self.lake = lake
        # Many tiny queries on a small machine.
        self.connection = duckdb.connect(config={"threads": 1})

    def rows(self, table):
        paths = [str(path) for path in parts(self.lake, table)]
        if not paths:
            return []
        relation = "read_parquet($parts, union_by_name = true, hive_partitioning = true, hive_types_autocast = false)"
        described = self.connection.execute(f"DESCRIBE SELECT * FROM {relation}", {"parts": paths}).fetchall()
        columns = ", ".join(_milliseconds(f'"{name}"', kind) + f' AS "{name}"' for name, kind, *_ in described)
        found = self.connection.execute(f"SELECT {columns} FROM {relation}", {"parts": paths})
        names = [name for name, *_ in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _milliseconds(expression, kind):
    if not kind.startswith("TIMESTAMP"):
        return expression
    if kind.endswith("[]"):
        return f"list_transform({expression}, lambda x: {_milliseconds('x', kind[:-2])})"
    return f"epoch_ms({expression})"

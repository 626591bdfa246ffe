"""Three readers of a lake behind one shape: `rows(table)` gives a physical table's rows as dicts.

Every engine shows timestamps as milliseconds, and the partition keys `tier` and `ingest_date` as text. A column that
no part has may be missing or None.
"""

import pyarrow as pa
import pyarrow.parquet as pq
import trino.exceptions

from readback import timestamps
from readback.duck import DuckDb, parts

__all__ = ["DuckDb", "PyArrow", "QueryFailed", "Trino"]


class QueryFailed(Exception):
    """The engine refused a statement, or could not read the files."""


def _partition(path):
    return dict(folder.split("=", 1) for folder in path.parts[-3:-1])


class PyArrow:
    name = "pyarrow"

    def __init__(self, lake):
        self.lake = lake

    def rows(self, table):
        rows = []
        for path in parts(self.lake, table):
            # ParquetFile and not read_table, which would look at the folders' names as well.
            with pq.ParquetFile(path) as file:
                part = file.read()
            part = part.cast(pa.schema([field.with_type(_timestamps_as_int(field.type)) for field in part.schema]))
            rows.extend(row | _partition(path) for row in part.to_pylist())
        return rows


def _timestamps_as_int(kind):
    if pa.types.is_timestamp(kind):
        return pa.int64()
    if pa.types.is_list(kind):
        return pa.list_(_timestamps_as_int(kind.value_type))
    return kind


class Trino:
    name = "trino"

    def __init__(self, connection, schema="lake_files"):
        self.connection = connection
        self.schema = schema

    def rows(self, table):
        return self.select(f'SELECT * FROM "{self.schema}"."{table}"')

    def select(self, query):
        """The rows of a query; none for a statement that declares something."""
        return self.read(query)[1]

    def read(self, query):
        """The names of a query's columns, and its rows."""
        cursor = self.connection.cursor()
        try:
            found = cursor.execute(query).fetchall()
        except trino.exceptions.TrinoQueryError as error:
            raise QueryFailed(f"{error.error_name}: {error.message} ({query[:120]!r})") from error
        columns = [(column.name, _depth_of_timestamp(column.type_code)) for column in cursor.description or ()]
        rows = [{name: value if depth is None else _parse_timestamps(value, depth)
                 for (name, depth), value in zip(columns, row, strict=True)}
                for row in found]
        return [name for name, _ in columns], rows


def _depth_of_timestamp(kind):
    """In how many arrays a type has its timestamps; None if it has none. The connection gives them as text."""
    depth = kind.count("array(")
    return depth if kind.removeprefix("array(" * depth).startswith("timestamp(") else None


def _parse_timestamps(value, depth):
    if value is None:
        return None
    if depth:
        return [_parse_timestamps(element, depth - 1) for element in value]
    return timestamps.to_ms(value)

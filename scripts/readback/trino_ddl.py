"""Tells Trino's Hive connector what Athena DDL tells Athena.

Athena's DDL is Hive's dialect, Trino's is its own; both describe the same catalog entry. What changes:

| Athena                                            | Trino's Hive connector                                   |
|---------------------------------------------------|----------------------------------------------------------|
| `CREATE EXTERNAL TABLE`, backticks                | `CREATE TABLE`, double quotes                            |
| `string`, `timestamp`, `array<t>`                 | `varchar`, `timestamp(3)`, `array(t)`                    |
| `DROP TABLE IF EXISTS`, external: files stay      | the same                                                 |
| `PARTITIONED BY (k string)`                       | `k` as last column, and `partitioned_by = ARRAY['k']`    |
| `STORED AS PARQUET LOCATION 's3://...'`           | `format = 'PARQUET', external_location = '...'`          |
| `projection.enabled`, `storage.location.template` | `partition_projection_enabled`, `..._location_template`  |
| `projection.k.type`, `.values`, `.range`, ...     | column properties `partition_projection_type`, ... of k  |

Views are the same in both.
"""

from readback.athena_ddl import Database, DdlError, Drop, ExternalTable, View

# Table properties that say something to other readers and nothing to Trino.
IGNORED = {"classification": "parquet", "parquet.compression": "ZSTD", "parquet.compress": "ZSTD", "EXTERNAL": "TRUE"}
PROJECTION = ("type", "values", "range", "format", "interval", "interval.unit")


def to_trino(statement, locations):
    """Trino's statement. `locations`: prefix in Athena's DDL -> prefix for Trino, such as s3://lake -> local:///lake."""
    match statement:
        case Database(name):
            return f'CREATE SCHEMA IF NOT EXISTS "{name}"'
        case Drop(schema, name):
            return f'DROP TABLE IF EXISTS "{schema}"."{name}"'
        case View(schema, name, select):
            return f'CREATE OR REPLACE VIEW "{schema}"."{name}" AS {select}'
        case ExternalTable():
            return _table(statement, locations)


def _table(table, locations):
    left = dict(table.properties)
    location = _move(table.location.rstrip("/"), locations)
    if left.pop("projection.enabled", None) != "true":
        raise DdlError(f"{table.name}: without projection.enabled nothing would be found")
    template = left.pop("storage.location.template", "").rstrip("/")
    hive = "".join(f"/{column.name}=${{{column.name}}}" for column in table.partitions)
    if template != table.location.rstrip("/") + hive:
        raise DdlError(f"{table.name}: storage.location.template {template!r} is not the Hive layout of the location")
    columns = [_column(column) for column in table.columns]
    columns += [_column(column, _projection(table.name, column.name, left)) for column in table.partitions]
    for key, value in left.items():
        if IGNORED.get(key) != value and not key.startswith("sluice."):
            raise DdlError(f"{table.name}: unknown table property {key!r} = {value!r}")
    keys = ", ".join(_literal(column.name) for column in table.partitions)
    return (f'CREATE TABLE "{table.schema}"."{table.name}" (\n  ' + ",\n  ".join(columns) + "\n) WITH (\n"
            f"  format = 'PARQUET', external_location = {_literal(location)}, partitioned_by = ARRAY[{keys}],\n"
            f"  partition_projection_enabled = true,\n"
            f"  partition_projection_location_template = {_literal(_move(template, locations))}\n)")


def _column(column, properties=()):
    text = f'"{column.name}" {column.type}'
    if column.comment is not None:
        text += f" COMMENT {_literal(column.comment)}"
    return f"{text} WITH ({', '.join(properties)})" if properties else text


def _projection(table, column, left):
    """The column properties of a partition key; takes what it uses out of `left`."""
    found = {name: left.pop(key) for name in PROJECTION if (key := f"projection.{column}.{name}") in left}
    kinds = {"enum": {"type", "values"}, "date": {"type", "range", "format"}}
    needed = kinds.get(found.get("type"))
    if needed is None or not needed <= found.keys() or found.keys() - needed - {"interval", "interval.unit"}:
        raise DdlError(f"{table}: projection of {column} is not understood: {found}")
    for name, value in found.items():
        key = f"partition_projection_{name.replace('.', '_')}"
        if name in ("values", "range"):
            # Blanks would be part of a value in Athena, and trimmed by nobody.
            yield f"{key} = ARRAY[{', '.join(_literal(part) for part in value.split(','))}]"
        elif name == "interval":
            yield f"{key} = {int(value)}"
        else:
            yield f"{key} = {_literal(value)}"


def _move(location, locations):
    for before, after in locations.items():
        if location.startswith(before + "/"):
            return after + location.removeprefix(before)
    raise DdlError(f"{location!r} is not under {sorted(locations)}")


def _literal(text):
    return "'" + text.replace("'", "''") + "'"

"""What people query: the views of the database `lake`, read by Trino as Athena reads them.

ministack's own Athena knows no views and takes a column's type from the files. Trino 435 is Athena's engine of that
age, here with its own clients of Glue and S3: what the functions told Glue must be what they wrote.
"""

import os

from readback import lake as lakes
from readback import trino_server

from deployed.emulator import ACCOUNT, REGION, SECRET

LINEAGE = '"_id", "_row"'


def check(endpoint, shown, rows_of, seen):
    """Reads each view whole, all columns; compares which rows it has with those in the files."""
    probe = f'SELECT count(*) FROM "lake_files"."{next(iter(shown))}"'
    home, java = os.environ["SLUICE_TRINO_HOME"], os.environ["SLUICE_JAVA"]
    place = {"endpoint": endpoint, "region": REGION, "access_key": ACCOUNT, "secret_key": SECRET}
    with trino_server.on_glue(home, java, probe, **place) as server:
        for name in [*shown, lakes.REJECTS]:
            try:
                rows = _read(server, name)
            except trino_server.QueryFailed as error:
                seen.problems.append(f"Trino cannot read the view {name}: {error}")
                continue
            seen.viewed += len(rows)
            expected = sorted(_key(row["_id"], row.get("_row")) for row in rows_of(name))
            if sorted(rows) != expected:
                seen.problems.append(f"the view {name} has {len(rows)} rows, and not those of the files, {len(expected)}")


def _read(server, view):
    """The keys of its rows; every column is read, so that one which the files contradict fails."""
    cursor = server.connect().cursor()
    cursor.execute(f'SELECT * FROM "lake"."{view}"')
    names = [column[0] for column in cursor.description]
    at = names.index("_id"), names.index("_row")
    return [_key(row[at[0]], row[at[1]]) for row in cursor.fetchall()]


def _key(document, row):
    # A reject of a whole document has no row.
    return document, -1 if row is None else row

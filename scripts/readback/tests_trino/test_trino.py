"""The harness against a real Trino server: what Athena reads it must read, what Athena refuses it must refuse."""

import os
import tempfile
import unittest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from readback import athena_ddl, trino_ddl, trino_server, views
from readback.compare import compare
from readback.engines import QueryFailed, Trino
from readback.lake import LINEAGE_KINDS, REJECT_KINDS, REJECTS, registry
from readback.tests.handmade import DAY, TABLES, Lake

MS_UTC = pa.timestamp("ms", tz="UTC")
ATHENA_TYPES = {"string": "string", "number": "string", "json": "string"}


def athena_type(kind):
    return f"array<{athena_type(kind[5:])}>" if kind.startswith("list_") else ATHENA_TYPES.get(kind, kind)


def ddl(table, columns, location):
    """Athena DDL as Sluice prints it."""
    columns = ", ".join(f"`{name}` {athena_type(kind)} COMMENT 'it\\'s'" for name, kind in columns.items())
    return f"""CREATE EXTERNAL TABLE `lake_files`.`{table}` ({columns})
        PARTITIONED BY (`tier` string, `ingest_date` string) STORED AS PARQUET LOCATION '{location}/'
        TBLPROPERTIES ('projection.enabled' = 'true',
        'projection.tier.type' = 'enum', 'projection.tier.values' = 'live,compact,late',
        'projection.ingest_date.type' = 'date', 'projection.ingest_date.format' = 'yyyy-MM-dd',
        'projection.ingest_date.range' = '2024-01-01,{DAY}',
        'storage.location.template' = '{location}/tier=${{tier}}/ingest_date=${{ingest_date}}/');"""


class OnTrino(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = cls.enterClassContext(tempfile.TemporaryDirectory())
        server = cls.enterClassContext(
            trino_server.running(os.environ["SLUICE_TRINO_HOME"], os.environ["SLUICE_JAVA"], cls.root))
        cls.trino = Trino(server.connect())
        for schema in ("lake_files", "lake"):
            cls.trino.select(f'CREATE SCHEMA "{schema}"')

    def declare(self, text, folder):
        for statement in athena_ddl.parse(text):
            if isinstance(statement, athena_ddl.ExternalTable):
                self.trino.select(f'DROP TABLE IF EXISTS "lake_files"."{statement.name}"')
            self.trino.select(trino_ddl.to_trino(statement, {"s3://lake": f"local:///{folder}/lake"}))

    def report(self, lake, folder):
        out, files = lake.write(Path(self.root, folder))
        for name, (_, _, columns) in TABLES.items():
            lineage = registry(out, "orders")[name].lineage
            kinds = {name: LINEAGE_KINDS[name] for name in (*lineage, "_rest")}
            kinds |= {column: kind for column, _, kind in columns}
            self.declare(ddl(name, kinds, f"s3://lake/{name}/g1"), folder)
        self.declare(ddl(REJECTS, REJECT_KINDS, f"s3://lake/{REJECTS}/g1"), folder)
        return out, compare(out, "orders", files, self.trino.rows)

    def test_a_sound_lake_passes(self):
        out, report = self.report(Lake(), "sound")
        self.assertEqual(report.problems, [])
        self.assertEqual((report.records, report.rows, report.rejects, report.scalars), (7, 9, 3, 24))

        table = registry(out, "orders")["orders"]
        physical = self.trino.rows("orders")
        shown = ", ".join(
            f'COALESCE(CAST("{sources[0]}" AS double), CAST("{sources[1]}" AS double)) AS "{name}"'
            if len(sources) == 2 else f'"{name}"' for name, sources in views.columns(table).items())
        where = """FROM "lake_files"."orders" WHERE tier = 'live'"""

        def problems(select):
            self.declare(f'CREATE OR REPLACE VIEW "lake"."orders" AS {select};', "sound")
            return "\n".join(views.check_view(table, physical, *self.trino.read('SELECT * FROM "lake"."orders"')))

        self.assertEqual(problems(f"SELECT {shown} {where}"), "")
        self.assertIn("columns missing", problems(f"SELECT * {where}"))
        self.assertIn("columns missing", problems(f"SELECT * {where} AND false"))
        self.assertIn("rows for 4 live", problems(f"SELECT {shown} {where} AND _row = 0"))
        self.assertIn("stored 'a'", problems(f"SELECT {shown} {where}".replace('"user__login"',
                                                                               "'b' AS user__login")))

    def test_a_lost_value_is_reported(self):
        lake = Lake()
        del lake.rows["orders"][0][0]["user__login"]
        _, report = self.report(lake, "lost")
        self.assertTrue(any("/user/login is lost" in problem for problem in report.problems), report.problems)

    def select(self, kind, array, name="c", **options):
        """Declares one column of `kind` over a file holding `array`, and selects it."""
        folder = f"one-{self.id().rsplit('.', 1)[-1]}-{len(os.listdir(self.root))}"
        path = Path(self.root, folder, f"lake/t/g1/tier=live/ingest_date={DAY}/p.parquet")
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table({name: array}), path, **options)
        self.declare(ddl("t", {"c": kind, "gone": "string"}, "s3://lake/t/g1"), folder)
        return [row["c"] for row in self.trino.rows("t")]

    def test_physical_types_that_athena_reads(self):
        for kind, array, expected in (
            ("bigint", pa.array([2**63 - 1, -(2**63)]), [2**63 - 1, -(2**63)]),
            ("bigint", pa.array([1], pa.int32()), [1]),
            ("double", pa.array([5e-324, -0.0, 0.1]), [5e-324, -0.0, 0.1]),
            ("timestamp", pa.array([-1, 0], pa.int64()).cast(MS_UTC), [-1, 0]),
            ("timestamp", pa.array([-62_167_219_200_000, 253_402_300_799_999]).cast(MS_UTC),
             [-62_167_219_200_000, 253_402_300_799_999]),
            ("list_timestamp", pa.array([[5, None]], pa.list_(pa.int64())).cast(pa.list_(MS_UTC)), [[5, None]]),
            ("list_list_double", pa.array([[[1.5, None], None, []], None]), [[[1.5, None], None, []], None]),
            ("string", pa.array(["\0\uffff\U0001f600'\"\\"]), ["\0\uffff\U0001f600'\"\\"]),
            ("bigint", pa.array([None], pa.int64()), [None]),
        ):
            with self.subTest(kind=kind, stored=str(array.type)):
                self.assertEqual(repr(self.select(kind, array)), repr(expected))

    def test_a_missing_column_is_null(self):
        self.assertEqual(self.select("bigint", pa.array(["x"]), name="other"), [None])

    def test_physical_types_that_athena_refuses(self):
        for kind, array in (
            ("timestamp", pa.array([1])),
            ("double", pa.array([1])),
            ("bigint", pa.array([1.0])),
            ("string", pa.array([1])),
            ("string", pa.array([True])),
            ("boolean", pa.array(["true"])),
            ("bigint", pa.array(["1"])),
            ("list_double", pa.array([[1]])),
            ("list_bigint", pa.array([1])),
            ("bigint", pa.array([[1]])),
            ("list_list_bigint", pa.array([[1]])),
        ):
            with self.subTest(kind=kind, stored=str(array.type)), self.assertRaises(QueryFailed):
                self.select(kind, array)


if __name__ == "__main__":
    unittest.main()

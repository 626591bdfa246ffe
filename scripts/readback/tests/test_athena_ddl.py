import unittest

from readback import athena_ddl, trino_ddl
from readback.athena_ddl import DdlError

TABLE = r"""-- orders
CREATE EXTERNAL TABLE `lake_files`.`t` (
  `_id` string COMMENT 'it\'s \\ "so"',
  n bigint,
  `at` timestamp,
  `grid` array<array<double>>
)
PARTITIONED BY (`tier` string, `ingest_date` string)
STORED AS PARQUET
LOCATION 's3://lake/t/g1/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.tier.type' = 'enum',
  'projection.tier.values' = 'live,late',
  'projection.ingest_date.type' = 'date',
  'projection.ingest_date.format' = 'yyyy-MM-dd',
  'projection.ingest_date.range' = '2026-11-01,NOW+1DAYS',
  'storage.location.template' = 's3://lake/t/g1/tier=${tier}/ingest_date=${ingest_date}'
);
"""
TRINO = """CREATE TABLE "lake_files"."t" (
  "_id" varchar COMMENT 'it''s \\ "so"',
  "n" bigint,
  "at" timestamp(3),
  "grid" array(array(double)),
  "tier" varchar WITH (partition_projection_type = 'enum', partition_projection_values = ARRAY['live', 'late']),
  "ingest_date" varchar WITH (partition_projection_type = 'date', partition_projection_range = \
ARRAY['2026-11-01', 'NOW+1DAYS'], partition_projection_format = 'yyyy-MM-dd')
) WITH (
  format = 'PARQUET', external_location = 'local:///lake/t/g1', partitioned_by = ARRAY['tier', 'ingest_date'],
  partition_projection_enabled = true,
  partition_projection_location_template = 'local:///lake/t/g1/tier=${tier}/ingest_date=${ingest_date}'
)"""
VIEW = """CREATE OR REPLACE VIEW "lake"."t" AS
SELECT "_id", CAST("n" AS double) AS "n;'" FROM "lake_files"."t" WHERE tier = 'live;''' ;"""
NOT_UNDERSTOOD = {
    "bare underscore": ("`_id`", "_id"),
    "upper case": ("`at`", "`At`"),
    "varchar": ("`at` timestamp", "`at` varchar(10)"),
    "struct": ("array<array<double>>", "struct<a:int>"),
    "unclosed": ("array<array<double>>", "array<array<double>"),
    "twice": ("n bigint", "`at` bigint"),
    "partition is a column": ("n bigint", "tier bigint"),
    "partition of another type": ("`tier` string", "`tier` bigint"),
    "no projection": ("'projection.enabled' = 'true',", ""),
    "projection off": ("'projection.enabled' = 'true'", "'projection.enabled' = 'false'"),
    "no type of projection": ("'projection.tier.type' = 'enum',", ""),
    "injected": ("'enum'", "'injected'"),
    "no range": ("'projection.ingest_date.range' = '2026-11-01,NOW+1DAYS',", ""),
    "another template": ("tier=${tier}/", "${tier}/"),
    "another place": ("LOCATION 's3://lake/", "LOCATION 's3://lakes/"),
    "unknown property": ("'projection.enabled'", "'has_encrypted_data' = 'true', 'projection.enabled'"),
    "unknown clause": ("STORED AS PARQUET", "CLUSTERED BY (n) STORED AS PARQUET"),
    "another format": ("PARQUET", "ORC"),
    "unknown escape": (r"it\'s", r"it\qs"),
    "long comment": (r"it\'s", "x" * 256),
    "double quotes": ("`at`", '"at"'),
    "more": ("\n);", "\n) WITH DATA;"),
    "no end": (");", ")"),
    "long": ("-- orders", "-- " + "o" * athena_ddl.STATEMENT_BYTES_MAX),
}


def translated(text):
    return [trino_ddl.to_trino(statement, {"s3://lake": "local:///lake"}) for statement in athena_ddl.parse(text)]


class AthenaDdl(unittest.TestCase):
    def test_translation(self):
        self.assertEqual(translated("CREATE DATABASE IF NOT EXISTS lake;\n" + TABLE + VIEW + "\n"), [
            'CREATE SCHEMA IF NOT EXISTS "lake"', TRINO, VIEW.replace(" AS\n", " AS ").removesuffix(" ;")])

    def test_what_is_not_understood_fails(self):
        for what, (before, after) in NOT_UNDERSTOOD.items():
            with self.subTest(what):
                text = TABLE.replace(before, after, 1)
                self.assertNotEqual(text, TABLE)
                with self.assertRaises(DdlError):
                    translated(text)

    def test_views_that_are_not_understood(self):
        for text in (VIEW.replace('"lake"."t"', "`lake`.`t`"), VIEW.replace("OR REPLACE ", ""), VIEW.replace(";", ""),
                     VIEW.replace('"_id"', "`_id`")):
            with self.subTest(text), self.assertRaises(DdlError):
                translated(text)


if __name__ == "__main__":
    unittest.main()

"""Tests of the comparison: it accepts a lake made by an independent flattening, and finds planted errors."""

import json
import pathlib
import sys
import tempfile
import unittest

import corpus
import duckdb
import engines
import measure

SIZE_BYTES = 300_000
HERE = pathlib.Path(__file__).parent


def flatten(record: dict, row: int) -> dict[str, list[dict]]:
    """The rows of one record by table, by the rules of the lake, in plain Python."""
    tables: dict[str, list[dict]] = {}

    def members(table: str, into: dict, prefix: str, value: dict, path: str) -> None:
        for name, inner in value.items():
            column = f"{prefix}__{name}" if prefix else name
            if isinstance(inner, dict):
                members(table, into, column, inner, path)
            elif isinstance(inner, list) and any(isinstance(element, dict) for element in inner):
                for index, element in enumerate(inner):
                    place = f"{path}.{index}" if path else str(index)
                    lineage = {"_id": "d", "_row": row, "_index": index, "_path": place, "_parent": path}
                    tables.setdefault(f"{table}__{column}", []).append(lineage)
                    members(f"{table}__{column}", lineage, "", element, place)
            elif inner is not None and inner != []:
                into[column] = inner

    root: dict = {"_id": "d", "_row": row}
    tables["bench"] = [root]
    members("bench", root, "", record, "")
    return tables


def sql_type(values: list) -> str:
    first = values[0]
    if isinstance(first, list):
        return sql_type(first) + "[]"
    if isinstance(first, bool):
        return "BOOLEAN"
    return {int: "BIGINT", float: "DOUBLE", str: "VARCHAR"}[type(first)]


def write_lake(rows: dict[str, list[dict]], lake: pathlib.Path, connection) -> None:
    for table, records in rows.items():
        columns: dict[str, str] = {}
        for record in records:
            for name, value in record.items():
                columns.setdefault(name, sql_type([value]))
        folder = lake / table / "g1" / "tier=live" / "ingest_date=2025-01-01"
        folder.mkdir(parents=True)
        source = lake / f"{table}.ndjson"
        source.write_text("".join(json.dumps(record) + "\n" for record in records))
        names = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        connection.execute(
            f"COPY (SELECT * FROM read_json('{source}', format = 'newline_delimited', columns = {{{names}}})) "
            f"TO '{folder}/b1.parquet' (FORMAT parquet)"
        )
        source.unlink()


class Compare(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.connection = duckdb.connect(config={"threads": 1})
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.records = {}
        for name, workload in corpus.WORKLOADS.items():
            text = workload(7).chunk(0, SIZE_BYTES)
            (cls.folder / name).write_bytes(text)
            cls.records[name] = [json.loads(line) for line in text.splitlines()]
            run = cls.folder / f"{name}-duckdb"
            run.mkdir()
            engines.DuckDB(1, "full").run(name, cls.folder / name, run)

    def differences(self, name: str, change=lambda rows: None) -> list[str]:
        """What the comparison says of a lake of `name`'s records to which `change` was done."""
        rows: dict[str, list[dict]] = {}
        for row, record in enumerate(self.records[name]):
            for table, some in flatten(record, row).items():
                rows.setdefault(table, []).extend(some)
        change(rows)
        with tempfile.TemporaryDirectory(dir=self.folder) as lake:
            write_lake(rows, pathlib.Path(lake), self.connection)
            key = corpus.WORKLOADS[name].key
            out = self.folder / f"{name}-duckdb" / "out"
            command = [sys.executable, str(HERE / "compare.py"), lake, str(out), key, "1"]
            with tempfile.TemporaryDirectory() as logs:
                found = json.loads(measure.run(command, pathlib.Path(logs)).stdout)
        self.assertEqual(found["rows"]["bench"], len(self.records[name]))
        return found["differences"]

    def test_equal_lakes_do_not_differ(self) -> None:
        for name in corpus.WORKLOADS:
            self.assertEqual(self.differences(name), [], name)

    def check(self, name: str, change, expected: list[str]) -> None:
        found = self.differences(name, change)
        self.assertEqual([line.split(" ")[0].rstrip(":") for line in found], expected, found)

    def test_a_value_that_is_another(self) -> None:
        def change(rows):
            rows["bench"][5]["latency_ms"] += 1e-9

        self.check("flat", change, ["bench.latency_ms"] * 2)  # its sum and its hash

    def test_values_that_changed_places(self) -> None:
        def change(rows):
            one, other = rows["bench"][3], rows["bench"][4]
            one["session"], other["session"] = other["session"], one["session"]

        self.check("flat", change, ["bench.session"])  # its hash

    def test_a_lost_record(self) -> None:
        found = self.differences("flat", lambda rows: rows["bench"].pop())
        self.assertIn("bench: ", found[0])

    def test_a_lost_column(self) -> None:
        def change(rows):
            for row in rows["bench"]:
                row.pop("risk__signals", None)

        self.check("nested", change, ["bench.risk__signals"])

    def test_a_column_of_another_type(self) -> None:
        def change(rows):
            for row in rows["bench"]:
                row["order__number"] = str(row["order__number"])

        self.check("nested", change, ["bench.order__number"])

    def test_a_column_that_should_not_be(self) -> None:
        def change(rows):
            rows["bench"][0]["_rest"] = "{}"

        self.check("mixed", change, ["bench._rest"])

    def test_a_child_row_of_another_record(self) -> None:
        def change(rows):
            one, other = (next(r for r in rows["bench__payments"] if r["_row"] == n) for n in (1, 2))
            one["_row"], other["_row"] = other["_row"], one["_row"]

        found = self.differences("nested", change)
        self.assertTrue(found and all(line.startswith("bench__payments.") for line in found), found)

    def test_elements_in_another_order(self) -> None:
        def change(rows):
            taxes = [row for row in rows["bench__items__taxes"] if row["_path"] == "1.0"]
            taxes[0]["_path"] = "2.0"

        found = self.differences("nested", change)
        self.assertTrue(found and all(line.startswith("bench__items__taxes.") for line in found), found)

    def test_a_lost_child_table(self) -> None:
        self.check("nested", lambda rows: rows.pop("bench__items__taxes"), ["bench__items__taxes"])

    def test_rejects(self) -> None:
        def change(rows):
            rows["sluice_rejects"] = [{"_id": "d", "code": "x"}]

        self.check("flat", change, ["sluice_rejects"])


class Generator(unittest.TestCase):
    def test_a_chunk_depends_on_seed_and_index_only(self) -> None:
        for name, workload in corpus.WORKLOADS.items():
            first, again, other = workload(1), workload(1), workload(2)
            again.chunk(4, 1000)
            self.assertEqual(first.chunk(3, 20_000), again.chunk(3, 20_000), name)
            self.assertNotEqual(first.chunk(3, 20_000), other.chunk(3, 20_000), name)
            self.assertNotEqual(first.chunk(3, 20_000), first.chunk(2, 20_000), name)

    def test_keys_are_unique(self) -> None:
        for name, workload in corpus.WORKLOADS.items():
            made = workload(1)
            lines = (made.chunk(0, 100_000) + made.chunk(1, 100_000)).splitlines()
            keys = [json.loads(line)[workload.key] for line in lines]
            self.assertEqual(len(set(keys)), len(keys), name)


if __name__ == "__main__":
    unittest.main()

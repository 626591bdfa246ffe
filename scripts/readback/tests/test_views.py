import unittest

from readback import athena_ddl, views
from readback.lake import Column, Table


def table(*columns):
    return Table("t", None, (), {name: Column(name, path, kind, exact) for name, path, kind, exact in columns})


NUMBERS = (("n__double", ("n",), "double", False), ("n", ("n",), "bigint", True), ("m", ("m",), "bigint", True))
LINEAGE = ("_id", "_row", "_received_at", "_principal", "_rest")


class Views(unittest.TestCase):
    def test_columns(self):
        shown = views.columns(table(*NUMBERS))
        self.assertEqual(list(shown), [*LINEAGE, "n__double", "m"])
        self.assertEqual((shown["n__double"], shown["m"]), (("n__double", "n"), ("m",)))

    def test_an_inexact_integer_keeps_both_columns_apart(self):
        shown = views.columns(table(("n", ("n",), "bigint", False), NUMBERS[0]))
        self.assertEqual(list(shown), [*LINEAGE, "n", "n__double"])

    def test_rows(self):
        numbers = table(*NUMBERS)
        physical = [{"_id": "a", "_row": 0, "n": 3, "m": 1, "tier": "live"}, {"_id": "a", "_row": 1, "tier": "late"}]
        seen = dict.fromkeys(LINEAGE) | {"_id": "a", "_row": 0, "n__double": 3.0, "m": 1}

        def problems(*rows):
            return "\n".join(views.check_view(numbers, physical, list(seen), rows))

        self.assertEqual(problems(seen), "")
        self.assertIn("stored 3.0", problems(seen | {"n__double": 3}))
        self.assertIn("m of", problems(seen | {"m": None}))
        self.assertIn("2 rows for 1 live", problems(seen, seen))
        self.assertIn("0 rows for 1 live", problems())
        self.assertIn("or others", problems(seen | {"_row": 1}))

    def test_declared_columns(self):
        declared = athena_ddl.ExternalTable("lake_files", "t", tuple(
            athena_ddl.Column(name, kind, None) for name, kind in (
                ("_id", "varchar"), ("_row", "bigint"), ("_received_at", "timestamp(3)"), ("_principal", "varchar"),
                ("_rest", "varchar"), ("n", "bigint"))),
            tuple(athena_ddl.Column(name, "varchar", None) for name in views.PARTITIONS), "s3://lake/t/g1", {})
        self.assertEqual(list(views.check_declared(table(("n", ("n",), "bigint", False)), declared)), [])
        for columns in ((), (("n", ("n",), "double", False),), NUMBERS):
            with self.subTest(columns):
                self.assertEqual(len(list(views.check_declared(table(*columns), declared))), 1)

    def test_a_probe_asks_for_what_is_there(self):
        text = table(("s", ("s",), "string", False), ("b", ("b",), "bigint", False))
        self.assertEqual(views.probe(text, [{"s": "it's"}, {"s": None}, {"s": "it's"}]), ("\"s\" = 'it''s'", 2))
        self.assertEqual(views.probe(text, [{"s": "\0", "b": 7}]), ('"b" = 7', 1))
        self.assertIsNone(views.probe(text, [{}]))


if __name__ == "__main__":
    unittest.main()

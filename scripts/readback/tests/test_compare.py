"""A harness that cannot fail proves nothing: each case breaks a sound lake in one way and names the complaint."""

import tempfile
import unittest

import pyarrow as pa

from readback.compare import compare
from readback.engines import DuckDb, PyArrow
from readback.tests.handmade import Lake


def problems(lake, engine):
    with tempfile.TemporaryDirectory() as folder:
        out, files = lake.write(folder)
        return compare(out, "orders", files, engine(out).rows)


def first(table, part=0, row=0):
    """The given physical row, for a test to change."""
    return lambda lake: lake.rows[table][part][row]


ORDER, SECOND, ITEM = first("orders"), first("orders", 1), first("orders__items")

BREAKAGES = {
    # What was done to the lake: (how, what the harness must say)
    "a value is gone": (lambda lake: ORDER(lake).pop("user__login"), "/user/login is lost"),
    "another string": (lambda lake: ITEM(lake).update(sku="S1"), "/items/0/sku is 's1'"),
    "a list loses a position": (lambda lake: ORDER(lake).update(tags=[None, "x"]), "/tags/0 is lost"),
    "a number as a string": (lambda lake: ORDER(lake).update(price=None, price__string="3"), "/price is Number"),
    "a string as a number": (lambda lake: lake.rows["orders"][1][2].update(price__string=None, price=0),
                             "/price is '0', read back as bigint 0"),
    "-0 as 0": (lambda lake: lake.rows["orders"][1][1].update(price__double=None, price=0), "/price is Number"),
    "-0.0 as 0.0": (lambda lake: lake.rows["orders"][1][1].update(price__double=0.0), "/price is Number"),
    "an integer rounded": (lambda lake: ITEM(lake).update(n=9007199254740992), "/items/0/n is Number"),
    "a double off by one bit": (lambda lake: SECOND(lake).update(price__double=2.5000000000000004), "/price is"),
    "a digit of a long number": (lambda lake: ORDER(lake).update(big="18446744073709551617"), "/big is Number"),
    "true in text": (lambda lake: ORDER(lake).update(mixed='[1,"a",["true"]]'), "/mixed/2/0 is True"),
    "false for true": (lambda lake: ORDER(lake).update(flag=False), "/flag is True"),
    "the first duplicate key": (lambda lake: SECOND(lake).update(price__double=None, price__string="free"),
                                "/price is Number"),
    "a timestamp off by 1 ms": (lambda lake: ORDER(lake).update(at=1_795_082_400_001), "/at is"),
    "the offset's text is gone": (lambda lake: SECOND(lake).update(at__string=None), "/at is"),
    "_rest is gone": (lambda lake: SECOND(lake).pop("_rest"), "/far/away/0 is lost"),
    "_rest stores twice": (lambda lake: SECOND(lake).update(_rest='{"/far":{"away":[100,{"b":"c"}],"near":"n"}}'),
                           "stored twice"),
    "_rest is no JSON": (lambda lake: SECOND(lake).update(_rest="{"), "orders: Expecting"),
    "a value of nobody": (lambda lake: SECOND(lake).update(far__near="n", flag=True), "not in the source"),
    "a child row is gone": (lambda lake: lake.rows["orders__items"][0].pop(1), "are not its elements"),
    "a child row repeats": (lambda lake: lake.rows["orders__items"][0].append(dict(ITEM(lake))), "two rows at 0"),
    "a child row moved": (lambda lake: ITEM(lake).update(_index=1, _path="1")
                          or lake.rows["orders__items"][0][1].update(_index=0, _path="0"), "/items/0/sku is lost"),
    "_index contradicts _path": (lambda lake: ITEM(lake).update(_index=5), "do not agree"),
    "_parent contradicts _path": (
        lambda lake: lake.rows["orders__items__lines"][0][0].update(_parent="2"), "do not agree"),
    "a grandchild under another parent": (
        lambda lake: lake.rows["orders__items__lines"][0][0].update(_parent="2", _path="2.0"), "are not its elements"),
    "a root row is gone": (lambda lake: lake.rows["orders"][1].pop(), "0 root rows and 0 rejects"),
    "a root row repeats": (lambda lake: lake.rows["orders"][1].append(dict(SECOND(lake))),
                           "2 root rows and 0 rejects"),
    "row and reject": (lambda lake: lake.rows["sluice_rejects"][0].append(
        lake.rows["sluice_rejects"][0][0] | {"_row": 1}), "1 root rows and 1 rejects"),
    "a reject is gone": (lambda lake: lake.rows["sluice_rejects"][0].pop(0), "0 root rows and 0 rejects"),
    "a good record rejected": (lambda lake: lake.rows["orders"][1].pop() and lake.rows["sluice_rejects"][0].append(
        lake.rows["sluice_rejects"][0][0] | {"_id": "array", "_row": 1, "content": '{"price":"0"}'}),
        "a reject, not a row"),
    "a reject's bytes": (lambda lake: lake.rows["sluice_rejects"][0][0].update(content="{"), "not the record's bytes"),
    "no _path": (lambda lake: lake.rows["orders__items__lines"][0][0].pop("_path"), "do not agree"),
    "no receive time": (lambda lake: [row.update(_received_at=None) for row in lake.rows["orders"][1]],
                        "_received_at None"),
    "rows of nobody": (lambda lake: lake.rows["orders"][1].append(dict(SECOND(lake), _row=9)),
                       "which no source file holds"),
    "another receive time": (lambda lake: SECOND(lake).update(_received_at=0), "is not its batch's"),
    "double for bigint": (lambda lake: lake.types.update(orders={"price": pa.float64()}), "not bigint"),
    "microseconds": (lambda lake: lake.types.update(orders={"_received_at": pa.timestamp("us", tz="UTC")}),
                     "not timestamp"),
    "no time zone": (lambda lake: lake.types.update(orders={"at": pa.timestamp("ms")}), "not timestamp"),
    "32 bits": (lambda lake: lake.types.update(orders={"price": pa.int32()}), "not bigint"),
    "a part changed after its plan": (
        lambda lake: setattr(lake, "after_plan", _rename_writer),
        "not the file that was planned"),
    "a part nobody planned": (lambda lake: setattr(lake, "after_plan", _copy_part), "is in no plan"),
    "a part is gone": (
        lambda lake: setattr(lake, "after_plan", lambda out: _first_part(out).unlink()),
        "planned but not there"),
}


def _first_part(out):
    return next(out.glob("orders/g1/*/*/*-0.parquet"))


def _rename_writer(out):
    # Still a valid file with the same rows.
    path = _first_part(out)
    path.write_bytes(path.read_bytes().replace(b"parquet-cpp", b"parquet-cqq"))


def _copy_part(out):
    path = _first_part(out)
    path.with_name("b2.parquet").write_bytes(path.read_bytes())


class Compare(unittest.TestCase):
    def test_a_sound_lake_passes(self):
        for engine in (PyArrow, DuckDb):
            with self.subTest(engine.name):
                report = problems(Lake(), engine)
                self.assertEqual(report.problems, [])
                self.assertEqual((report.records, report.rows, report.rejects, report.scalars), (7, 9, 3, 24))

    def test_every_breakage_is_reported(self):
        for what, (break_it, complaint) in BREAKAGES.items():
            with self.subTest(what):
                lake = Lake()
                break_it(lake)
                found = problems(lake, PyArrow).problems
                self.assertTrue(any(complaint in problem for problem in found), f"{complaint!r} not in {found}")

    def test_a_line_in_no_document(self):
        lake = Lake()
        whole = len("\n".join(lake.lines)) + 1
        lake.documents = [{"id": "x", "source": "o.ndjson", "offset": 9, "bytes": whole - 9, "form": "ndjson"}]
        found = problems(lake, PyArrow).problems
        self.assertIn("""o.ndjson: no document holds b'{"user":{'""", found)
        self.assertTrue(any(problem.startswith("broken.json: no document holds") for problem in found), found)

    def test_lines_taken_for_one_broken_document(self):
        lake = Lake()
        size = len("\n".join(lake.lines)) + 1
        lake.documents = [{"id": "x", "source": "o.ndjson", "offset": 0, "bytes": size, "form": "json"}]
        self.assertIn("o.ndjson: is lines of JSON, but was not taken for that", problems(lake, PyArrow).problems)

    def test_a_text_taken_for_lines(self):
        lake = Lake()
        lake.lines = ["{", '"price": 1}']
        self.assertIn("o.ndjson: its documents do not hold the records of the file", problems(lake, PyArrow).problems)


if __name__ == "__main__":
    unittest.main()

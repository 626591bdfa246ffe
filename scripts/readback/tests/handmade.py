"""A small lake written by hand, so that the harness can be tested, above all its ability to fail."""

import copy
import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from readback.lake import LINEAGE_KINDS, REJECT_KINDS, REJECTS

RECEIVED_AT_MS = 1_795_132_800_000  # 2026-11-20T00:00:00Z
DAY = "2026-11-20"
DOCUMENT = "0b0f8d1e-5f5b-4a62-9d0c-000000000001"
BROKEN = "0b0f8d1e-5f5b-4a62-9d0c-000000000002"

LINES = [
    r'{"user":{"login":"a"},"price":3,"tags":["x",null],"z":null,"odd":{"k/1~":"v"},"flag":true,"at":'
    r'"2026-11-19T10:00:00Z","items":[{"sku":"s1","n":9007199254740993},null,7,{"sku":"s2","lines":[{"q":1.5}]}],'
    r'"grid":[[1.5,2],[]],"big":18446744073709551616,"mixed":[1,"a",[true]]}',
    r'{"price":"free","price":2.50,"at":"2026-11-19T11:00:00+01:00","far":{"away":[1e2,{"b":"c"}],"near":"n"},"e":{}}',
    r'{"price":"free"',
    r'[1]',
]
ARRAY_FILE = b'[{"price":-0}, {"price":"0"}]'
BROKEN_FILE = b'{"price": tru\xff}'

# name -> (parent, path, [(column, path, kind)])
TABLES = {
    "orders": (None, "", [
        ("user__login", "/user/login", "string"), ("price", "/price", "bigint"), ("price__double", "/price", "double"),
        ("price__string", "/price", "string"), ("tags", "/tags", "list_string"), ("odd__k_1_", "/odd/k~11~0", "string"),
        ("flag", "/flag", "boolean"), ("at", "/at", "timestamp"), ("at__string", "/at", "string"),
        ("grid", "/grid", "list_list_double"), ("big", "/big", "number"), ("mixed", "/mixed", "json"),
        ("far__near", "/far/near", "string")]),
    "orders__items": ("orders", "/items", [
        ("sku", "/sku", "string"), ("n", "/n", "bigint"), ("_value", "", "bigint")]),
    "orders__items__lines": ("orders__items", "/lines", [("q", "/q", "double")]),
}


def _child(index, path, parent, **columns):
    return {"_id": DOCUMENT, "_row": 0, "_index": index, "_path": path, "_parent": parent} | columns


# table -> parts -> rows. Two parts, so that old files lack later columns.
ROWS = {
    "orders": [
        [{"_id": DOCUMENT, "_row": 0, "user__login": "a", "price": 3, "tags": ["x", None], "odd__k_1_": "v",
          "flag": True, "at": 1_795_082_400_000, "grid": [[1.5, 2.0], []], "big": "18446744073709551616",
          "mixed": '[1,"a",[true]]'}],
        [{"_id": DOCUMENT, "_row": 1, "price__double": 2.5, "at": 1_795_082_400_000,
          "at__string": "2026-11-19T11:00:00+01:00", "far__near": "n", "_rest": '{"/far":{"away":[100,{"b":"c"}]}}'},
         {"_id": "array", "_row": 0, "price__double": -0.0}, {"_id": "array", "_row": 1, "price__string": "0"}],
    ],
    "orders__items": [[_child(0, "0", "", sku="s1", n=9007199254740993), _child(1, "1", ""),
                       _child(2, "2", "", _value=7), _child(3, "3", "", sku="s2")]],
    "orders__items__lines": [[_child(0, "3.0", "3", q=1.5)]],
    REJECTS: [[
        {"_id": DOCUMENT, "_row": 2, "code": "malformed_json", "message": "m", "content": LINES[2],
         "content_encoding": "utf8"},
        {"_id": DOCUMENT, "_row": 3, "code": "not_an_object", "message": "m", "content": LINES[3],
         "content_encoding": "utf8"},
        {"_id": BROKEN, "_row": None, "code": "malformed_json", "message": "m",
         "content": "eyJwcmljZSI6IHRydf99", "content_encoding": "base64"}]],
}

ARROW = {"boolean": pa.bool_(), "bigint": pa.int64(), "double": pa.float64(), "number": pa.string(),
         "string": pa.string(), "json": pa.string(), "timestamp": pa.timestamp("ms", tz="UTC")}


def arrow_type(kind):
    return pa.list_(arrow_type(kind.removeprefix("list_"))) if kind.startswith("list_") else ARROW[kind]


class Lake:
    """The lake before it is written. Tests change `rows`, `kinds`, `documents` or `lines`, then call `write`."""

    def __init__(self):
        self.rows = copy.deepcopy(ROWS)
        # table -> column -> arrow type, where a test wants another than the registry's kind
        self.types = {}
        self.lines = list(LINES)
        self.documents = None
        self.after_plan = lambda out: None

    def write(self, folder):
        """Writes the lake and its sources; gives `(lake, files)` as `compare` takes them."""
        out = Path(folder, "lake")
        sources = Path(folder, "sources")
        sources.mkdir(parents=True)
        text = "\n".join(self.lines).encode() + b"\n"
        for name, body in (("o.ndjson", text), ("array.json", ARRAY_FILE), ("broken.json", BROKEN_FILE)):
            (sources / name).write_bytes(body)
        documents = self.documents or [
            {"id": DOCUMENT, "source": "o.ndjson", "offset": 0, "bytes": len(text), "form": "ndjson"},
            {"id": "array", "source": "array.json", "offset": 1, "bytes": len(ARRAY_FILE) - 2, "form": "elements"},
            {"id": BROKEN, "source": "broken.json", "offset": 0, "bytes": len(BROKEN_FILE), "form": "json"},
        ]
        parts = [self._part(out, table, number, rows)
                 for table, groups in self.rows.items() for number, rows in enumerate(groups)]
        _json(out / "_registry/orders/g1/1.json", {"format": 1, "table": "orders", "generation": 1, "version": 1,
                                                   "tables": []})
        _json(out / "_registry/orders/g1/10.json", {
            "format": 1, "table": "orders", "generation": 1, "version": 10, "first_date": DAY,
            "tables": [{"name": name, "parent": parent, "path": path, "since": 1, "columns": [
                {"name": column, "path": pointer, "kind": kind, "since": 1, "exact": kind == "bigint"}
                for column, pointer, kind in columns]}
                for name, (parent, path, columns) in TABLES.items()]})
        _json(out / "_plans/orders/g1/b1.json", {
            "format": 1, "batch": "b1", "table": "orders", "generation": 1, "base_version": 1, "version": 10,
            "received_at_ms": RECEIVED_AT_MS, "documents": documents, "parts": parts})
        self.after_plan(out)
        return out, {name: sources / name for name in ("o.ndjson", "array.json", "broken.json")}

    def _part(self, out, table, number, rows):
        if table == REJECTS:
            kinds, lineage = dict(REJECT_KINDS), {"table_name": "orders"}
        else:
            kinds, lineage = LINEAGE_KINDS | {name: kind for name, _, kind in TABLES[table][2]}, {}
        rows = [lineage | {"_received_at": RECEIVED_AT_MS} | row for row in rows]
        names = [name for name in kinds if any(row.get(name) is not None for row in rows)]
        overrides = self.types.get(table, {})
        columns = {name: pa.array([row.get(name) for row in rows], overrides.get(name, arrow_type(kinds[name])))
                   for name in names}
        key = f"{table}/g1/tier=live/ingest_date={DAY}/b1-{number}.parquet"
        path = out / key
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path, compression="zstd")
        body = path.read_bytes()
        return {"table": table, "key": key, "rows": len(rows), "bytes": len(body),
                "sha256": hashlib.sha256(body).hexdigest()}


def _json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")

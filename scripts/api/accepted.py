"""Bodies that are accepted: the object is the body, byte for byte, and tells what the contract says of it."""

import base64
import calendar
import gzip
import json
import re
import time
import uuid

from api.contract import hold

JSON = ("Content-Type", "application/json")
NDJSON = ("Content-Type", "application/x-ndjson")
GZIP = ("Content-Encoding", "gzip")
DOCUMENT_BYTES_MAX = 10_000_000

GZIPPED = gzip.compress(b'{"a":1}\n' * 1_000, mtime=0)
UNICODE = json.dumps({"name": "Zoë 🙂 \u2028 漢字", "quote": "'\"\\"}, ensure_ascii=False).encode()
BODIES = {
    "an object": (b'{"order":7,"user":{"login":"ada"}}', [JSON]),
    "an array": (b'[{"order":8},{"order":9}]', [JSON]),
    "unicode": (UNICODE, [JSON]),
    "NDJSON": (b'{"a":1}\r\n\n{"a":2}\n', [NDJSON]),
    "white space alone": (b" \n", [NDJSON]),
    "gzip": (GZIPPED, [NDJSON, GZIP, ("x-test-passes-gzip", "1")]),
    "gzip without a header": (GZIPPED, [JSON]),
    "every byte": (bytes(range(256)) * 5, [JSON]),
    "templates and braces": (b"$context.requestId #set($x = 1) ${y} {}", [JSON]),
    "braces alone": (b"{}", [JSON]),
    "one byte": (b"1", [JSON]),
    "9.9 MB": (b'{"long":"' + b"x" * 9_899_989 + b'"}', [JSON]),
    "the largest": (b"\xff" * DOCUMENT_BYTES_MAX, [JSON]),
    "a charset": (b'{"a":1}', [("Content-Type", 'application/json; charset="UTF-8"')]),
    "a type in capitals": (UNICODE, [("Content-Type", "Application/JSON")]),
    "another parameter": (b'{"a":1}', [("Content-Type", "application/json;profile=x ; charset= utf-8; a=b")]),
    "names in lower case": (b'{"a":1}', [("content-type", "application/json"), ("content-encoding", "identity")]),
    "accepting JSON": (b'{"a":1}', [JSON, ("Accept", "application/json")]),
    "accepting anything": (b'{"a":1}', [JSON, ("Accept", "*/*")]),
}


def bodies(api):
    for name, (body, headers) in BODIES.items():
        yield f"POST {name}", lambda body=body, headers=headers: post(api, "myTable", body, headers)
    yield "POST gzip that the gateway decompresses", lambda: decompressed(api)
    yield "POST to the longest name", lambda: post(api, "A" + "_a" * 49 + "9", b"{}", [JSON])
    yield "PUT, then another body under the id", lambda: put_twice(api)
    yield "PUT under an id in upper case", lambda: put_upper(api)


def post(api, table, body, headers, authorizer=()):
    before_ms = int(time.time() * 1_000)
    answer = api.ask("POST", f"/table/{table}/object", body, [*headers, *authorizer])
    hold("post", "object", answer)
    assert answer.status == 200, answer.body
    id = answer.json["data"]["id"]
    check_object(api, id, table, body, headers, before_ms)
    return id


def check_object(api, id, table, body, headers, before_ms):
    assert id == str(uuid.UUID(id)), f"{id} is no UUID in lower case"
    head, stored = api.object(id)
    assert stored == base64.b64encode(body), f"stored {stored[:80]!r}, posted {body[:60]!r}"
    assert head["ContentType"] == "text/plain;base64", head["ContentType"]
    told = dict(head["Metadata"])
    epoch_ms, clock = int(told.pop("request-time-epoch")), told.pop("request-time")
    assert before_ms <= epoch_ms <= time.time() * 1_000, epoch_ms
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", clock), clock
    read = time.strptime(clock, "%d/%b/%Y:%H:%M:%S +0000")
    assert calendar.timegm(read) == epoch_ms // 1_000, (clock, epoch_ms)
    told.pop("principal", None)
    lower = {name.lower(): value for name, value in headers}
    expected = {"table": table, "content-type": lower["content-type"]}
    if body == GZIPPED:
        expected["content-encoding"] = "gzip"
    assert told == expected, f"{told}, expected {expected}"


def decompressed(api):
    """As LocalStack does, and AWS by its documentation: what is stored is not gzip any more, and is not said to be."""
    before_ms = int(time.time() * 1_000)
    answer = api.ask("POST", "/table/orders/object", GZIPPED, [NDJSON, GZIP])
    check_object(api, answer.json["data"]["id"], "orders", gzip.decompress(GZIPPED), [NDJSON], before_ms)


def put_twice(api):
    id, path = str(uuid.uuid4()), "/table/orders/object/"
    first, second = b'{"first":true}', b'{"second":true}'
    before_ms = int(time.time() * 1_000)
    answers = [api.ask("PUT", path + id, body, [JSON]) for body in (first, first, second)]
    for answer in answers:
        hold("put", "document", answer)
        assert (answer.status, answer.body) == (200, answers[0].body), answer
    assert answers[0].json == {"success": True, "data": {"id": id}}
    check_object(api, id, "orders", first, [JSON], before_ms)


def put_upper(api):
    id = "0192F0C1-2B7E-7C3A-9C1D-5A1E0F6B7D80"
    before_ms = int(time.time() * 1_000)
    answer = api.ask("PUT", f"/table/orders/object/{id}", b"[]", [JSON])
    assert answer.json["data"]["id"] == id.lower(), answer.body
    check_object(api, id.lower(), "orders", b"[]", [JSON], before_ms)

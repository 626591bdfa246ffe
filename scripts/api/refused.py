"""What is refused at the door: in the contract's form, and nothing is stored."""

from api.accepted import DOCUMENT_BYTES_MAX, JSON
from api.contract import hold

ID = "0192f0c1-2b7e-7c3a-9c1d-5a1e0f6b7d81"


def refusals(api):
    for table in ["a__b", "a_", "_a", "1a", "a-b", "a%20b", "sluice_x", "Sluice_rejects", "a" * 101, "a.b", "%24x"]:
        yield f"table {table[:12]}", lambda t=table: post(api, t, 400, "bad_table_name")
    types = ["text/csv", "application/json; charset=latin1", "application/json;charset=utf-16", "application/jsonx"]
    for kind in types:
        yield f"type {kind}", lambda k=kind: post(api, "a", 415, "unsupported_media_type", [("Content-Type", k)])
    yield "no type", lambda: post(api, "a", 415, "unsupported_media_type", [])
    for encoding in ["br", "gzip, gzip", "deflate"]:
        headers = [JSON, ("Content-Encoding", encoding)]
        yield f"encoding {encoding}", lambda h=headers: post(api, "a", 415, "unsupported_content_encoding", h)
    yield "0 bytes", lambda: post(api, "a", 400, "no_records", [JSON], b"")
    for more in (1, 2, 3):
        body = b"x" * (DOCUMENT_BYTES_MAX + more)
        yield f"{len(body)} bytes", lambda b=body: post(api, "a", 413, "document_too_large", [JSON], b)
    for id in ["a", "0192f0c12b7e7c3a9c1d5a1e0f6b7d81", ID + "0", "g" + ID[1:], "%7B" + ID + "%7D", "..%2F" + ID]:
        yield f"PUT {id}", lambda i=id: put(api, i)
    for id in ["a%20b", "a" * 129, "%22", "a'b"]:
        yield f"GET {id[:9]}", lambda i=id: get(api, "orders", i, "bad_id")
    yield "GET in no table", lambda: get(api, "a__b", ID, "bad_table_name")
    yield "paths and methods", lambda: paths(api)


def check(api, method, path, answer, status, code, before):
    hold(method, path, answer)
    assert (answer.status, answer.json["error"]["code"]) == (status, code), answer.body
    assert answer.json["success"] is False
    if code == "unsupported_content_encoding":
        assert "gzip" in (answer.headers.get("accept-encoding"), answer.headers.get("x-amzn-remapped-accept-encoding"))
    assert api.keys() == before, "nothing is stored"


def post(api, table, status, code, headers=(JSON,), body=b'{"a":1}'):
    before = api.keys()
    answer = api.ask("POST", f"/table/{table}/object", body, headers)
    check(api, "post", "object", answer, status, code, before)


def put(api, id):
    before = api.keys()
    answer = api.ask("PUT", f"/table/orders/object/{id}", b"{}", [JSON])
    check(api, "put", "document", answer, 400, "bad_id", before)


def get(api, table, id, code):
    answer = api.ask("GET", f"/table/{table}/object/{id}")
    check(api, "get", "document", answer, 400, code, api.keys())


def paths(api):
    cases = [
        ("GET", "/table/orders/object", 405, "method_not_allowed", "POST"),
        ("DELETE", f"/table/orders/object/{ID}", 405, "method_not_allowed", "GET, PUT"),
        ("GET", "/tables", 404, "not_found", None),
        ("POST", "/sql", 404, "not_found", None),
    ]
    for method, path, status, code, allow in cases:
        answer = api.ask(method, path, None, [])
        assert (answer.status, answer.json["error"]["code"]) == (status, code), (method, path, answer)
        assert answer.headers.get("allow") == allow, answer.headers

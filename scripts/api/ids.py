"""Whose id a posted document gets, and who posted it."""

import base64
import email.header
import json
import re
import uuid

from api.accepted import JSON, post
from api.contract import hold

OF_A_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}")


def ids(api):
    yield "a request id that a client chose", lambda: chosen(api)
    yield "a request id that is no UUID", lambda: not_a_uuid(api)
    for authorizer, expected in PRINCIPALS:
        yield f"principal {expected}", lambda a=authorizer, e=expected: principal(api, a, e)


def chosen(api):
    id = str(uuid.uuid4())
    request_id = ("x-amzn-RequestId", id)
    assert post(api, "orders", b'{"a":1}', [JSON], [request_id]) == id
    again = api.ask("POST", "/table/orders/object", b'{"a":2}', [JSON, request_id])
    hold("post", "object", again)
    assert (again.status, again.json["error"]["code"]) == (409, "id_taken"), again.body
    assert base64.b64decode(api.object(id)[1]) == b'{"a":1}', "an object is never overwritten"


def not_a_uuid(api):
    got = set()
    for request_id in ["mine", "mine", "../../x", "0192F0C1-2B7E-7C3A-9C1D-5A1E0F6B7D80", "id=a b"]:
        id = post(api, "orders", b"{}", [JSON], [("x-amzn-RequestId", request_id)])
        assert OF_A_UUID.fullmatch(id), id
        got.add(id)
    assert len(got) == 5, got


PRINCIPALS = [
    ({"principalId": "ada"}, "ada"),
    ({"claims": {"cognito:username": "grace", "sub": "7f1c"}}, "grace"),
    ({"claims": {"username": "of-an-access-token", "sub": "7f1c"}}, "of-an-access-token"),
    ({"claims": {"sub": "7f1c"}}, "7f1c"),
    ({"principalId": "Zoë 漢字 = x"}, "Zoë 漢字 = x"),
    ({"principalId": "arn:aws:iam::1:user/a b"}, "arn:aws:iam::1:user/a b"),
    ({}, None),
]


def principal(api, authorizer, expected):
    told = base64.b64encode(json.dumps(authorizer).encode()).decode()
    id = post(api, "orders", b"{}", [JSON], [("x-test-authorizer", told)])
    got = api.object(id)[0]["Metadata"].get("principal")
    # S3 hands out what a header cannot carry as encoded words, which lake-functions/aws/src/encoded_word.rs reads too.
    if got is not None:
        got = str(email.header.make_header(email.header.decode_header(got)))
    assert got == expected, got

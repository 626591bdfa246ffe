"""`GET`: where a document is, for every state that the ledger has, as lake-functions/aws/src/ledger/documents.rs writes."""

import json

from api.contract import hold
from api.deployed import LEDGER

BATCH = "6b1f3c0e9a7d4f25b8c1d2e3f4a5b6c7"
RECEIVED, BATCHED, COMMITTED = "2026-01-31T16:17:38.250Z", "2026-01-31T16:17:38.900Z", "2026-01-31T16:17:39.004Z"
HOSTILE = "it's \"quoted\" \\ </script> $x #end ü 漢字 🙂 \u2028"
REASON = {"row": 1, "code": "malformed_json", "message": HOSTILE, "pointer": None}


def states(api):
    yield "not seen yet", lambda: unknown(api)
    yield "batched", lambda: batched(api)
    yield "batched, of no known head", lambda: headless(api)
    for state, rows, reasons in [("normalized", 3, []), ("rejected", 0, [REASON]),
                                 ("partly_rejected", 2, [REASON, {**REASON, "row": None, "pointer": "/a/~1b"}])]:
        yield state, lambda s=state, r=rows, why=reasons: recorded(api, s, r, why)
    yield "two generations", lambda: generations(api)
    yield "names that begin alike", lambda: alike(api)


def claim(api, table, id, generation=1, batch=BATCH, **head):
    item = {
        "pk": {"S": f"document#{id}"}, "sk": {"S": f"{table}#g{generation:010}"}, "id": {"S": id}, "table": {"S": table},
        "generation": {"N": str(generation)}, "state": {"S": "batched"}, "batch": {"S": batch},
        "batched_at": {"S": BATCHED}, "expires_at": {"N": "1893456000"},
    }
    for name, value in head.items():
        item[name] = {"N": str(value)} if isinstance(value, int) else {"S": value}
    api.ledger.put_item(TableName=LEDGER, Item=item)


def record(api, table, id, state, rows, reasons):
    api.ledger.update_item(
        TableName=LEDGER, Key={"pk": {"S": f"document#{id}"}, "sk": {"S": f"{table}#g0000000001"}},
        UpdateExpression="SET #state = :state, #rows = :rows, rejects = :rejects, reasons = :reasons, "
                         "committed_at = if_not_exists(committed_at, :now)",
        ExpressionAttributeNames={"#state": "state", "#rows": "rows"},
        ExpressionAttributeValues={
            ":state": {"S": state}, ":rows": {"N": str(rows)}, ":rejects": {"N": str(len(reasons))},
            ":reasons": {"S": json.dumps(reasons, ensure_ascii=False)}, ":now": {"S": COMMITTED}})


def told(api, table, id, headers=()):
    answer = api.ask("GET", f"/table/{table}/object/{id}", None, headers)
    hold("get", "document", answer)
    assert answer.status == 200, answer.body
    return answer.json["data"]


def document(table, id, **differing):
    return {"id": id, "table": table, "state": "batched", "received_at": RECEIVED, "committed_at": None, "batch": BATCH,
            "rows": None, "rejects": None, "reasons": [], "bytes": 31, "principal": None, **differing}


def expect(got, expected):
    assert got == expected, f"{got}\nexpected {expected}"


def unknown(api):
    answer = api.ask("GET", "/table/orders/object/0192f0c1-2b7e-7c3a-9c1d-000000000000")
    hold("get", "document", answer)
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_seen_yet"), answer.body


def batched(api):
    id = "0192f0c1-2b7e-7c3a-9c1d-000000000001"
    claim(api, "mytable", id, received_at=RECEIVED, bytes=31, principal=HOSTILE)
    expected = document("mytable", id, principal=HOSTILE)
    for table, asked in [("mytable", id), ("myTABLE", id.upper())]:
        for headers in [[], [("Accept", "application/json")], [("Content-Type", "application/json")]]:
            expect(told(api, table, asked, headers), expected)


def headless(api):
    """Claimed by an event whose object was never looked at: its own times and sizes are not known."""
    claim(api, "orders", "from-a-file.json")
    expect(told(api, "orders", "from-a-file.json"), document("orders", "from-a-file.json", received_at=BATCHED, bytes=0))


def recorded(api, state, rows, reasons):
    id = f"of-{state}"
    claim(api, "orders", id, received_at=RECEIVED, bytes=31, principal="ada")
    record(api, "orders", id, state, rows, reasons)
    expect(told(api, "orders", id), document(
        "orders", id, state=state, rows=rows, rejects=len(reasons), reasons=reasons, committed_at=COMMITTED,
        principal="ada"))


def generations(api):
    for generation in (10, 2, 3):
        claim(api, "orders", "twice", generation, batch=f"{generation:032x}", received_at=RECEIVED, bytes=31)
    expect(told(api, "orders", "twice"), document("orders", "twice", batch=f"{2:032x}"))


def alike(api):
    claim(api, "orders_old", "alike", received_at=RECEIVED, bytes=31)
    answer = api.ask("GET", "/table/orders/object/alike")
    assert answer.status == 404, answer.body
    expect(told(api, "orders_old", "alike"), document("orders_old", "alike"))

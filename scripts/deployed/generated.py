"""Documents made for measuring: like orders, of a size that is asked for."""

import json
import random
import time
import uuid

from deployed.gateway import Document

WORDS = ("amber", "basalt", "cedar", "delta", "ember", "fjord", "garnet", "harbor", "indigo", "juniper")


def record(rng, number, size_bytes):
    """A record of `size_bytes` of JSON: 14 columns and a child table of three rows."""
    def word():
        return rng.choice(WORDS)

    value = {
        "order": f"A-{number:08}", "placed_at": f"2026-02-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:15:00Z",
        "total": rng.randint(100, 99_999) / 100 + 0.001, "paid": rng.random() < 0.9, "currency": "EUR",
        "customer": {"id": rng.randint(1, 10**6), "name": f"{word()} {word()}", "email": f"{word()}{number}@example.org",
                     "address": {"street": f"{word()} {rng.randint(1, 99)}", "city": word(), "zip": str(number % 10**5)}},
        "items": [{"sku": f"{word()}-{rng.randint(1, 999)}", "quantity": rng.randint(1, 5),
                   "price": rng.randint(100, 9_999) / 100 + 0.001} for _ in range(3)],
        "tags": [word(), word()], "note": ""}
    bare = len(json.dumps(value, separators=(",", ":")))
    value["note"] = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz     ", k=max(0, size_bytes - bare)))
    return json.dumps(value, separators=(",", ":")).encode()


def single(seed, table, count, size_bytes):
    """`count` documents of a record each."""
    rng = random.Random(seed)
    return [_document(rng, table, record(rng, number, size_bytes), "application/json") for number in range(count)]


def lines(seed, table, count, records, size_bytes):
    """`count` NDJSON documents of `records` each."""
    rng = random.Random(seed)
    return [_document(rng, table, b"\n".join(record(rng, number, size_bytes) for number in range(records)),
                      "application/x-ndjson") for _ in range(count)]


def copies(seed, table, count, bodies, bytes_each):
    """`count` NDJSON documents of about `bytes_each`, of JSON texts that are taken again and again."""
    rng = random.Random(seed)
    packed = [json.dumps(json.loads(body), separators=(",", ":")).encode() for body in bodies]
    documents = []
    for _ in range(count):
        rows = []
        while sum(map(len, rows)) < bytes_each:
            rows += rng.sample(packed, len(packed))
        documents.append(_document(rng, table, b"\n".join(rows)[:bytes_each].rpartition(b"\n")[0],
                                   "application/x-ndjson"))
    return documents


def documents(seed, posts):
    """Posts (table, content type, body, …) as documents of now."""
    rng = random.Random(seed)
    return [_document(rng, table, body, content_type) for table, content_type, body, *_ in posts]


def _document(rng, table, body, content_type):
    return Document(id=str(uuid.UUID(int=rng.getrandbits(128), version=4)), table=table, body=body,
                    content_type=content_type, received_at_ms=int(time.time() * 1000))

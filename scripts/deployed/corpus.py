"""The documents of the test: real webhooks, CloudTrail and Stripe objects, and some that nobody should post."""

import json
import os
import random
import uuid
from pathlib import Path

from deployed.emulator import REPOSITORY
from deployed.gateway import Document

# Corpora by the table that they are posted to, spelled as a client may spell it.
TABLES = {"github-webhooks": "GitHub_Webhooks", "cloudtrail-invictus": "cloudTrail",
          "cloudtrail-trailscraper": "cloudtrail", "stripe": "stripe"}
CONTENT_TYPES = {"json": "application/json; charset=utf-8", "ndjson": "application/x-ndjson"}
DAY_MS = 86_400_000


def load(seed, now_ms):
    """All documents, in an order of the seed's: times of two days, some posted by somebody, some packed."""
    rng = random.Random(seed)
    shuffled = [*posts(), *_hostile()]
    rng.shuffle(shuffled)
    documents = []
    for number, (table, content_type, body, raw) in enumerate(shuffled):
        received = now_ms - (len(shuffled) - number) * 10 - (DAY_MS if rng.random() < 0.3 else 0)
        documents.append(Document(
            id=str(uuid.UUID(int=rng.getrandbits(128), version=4)), table=table, body=body, content_type=content_type,
            received_at_ms=received, principal=rng.choice(["", "", "ada@example.org"]),
            # What is refused unread is kept as it was posted, packed or not: not worth telling apart here.
            gzip=rng.random() < 0.2 and not raw and is_read(table, content_type), raw=raw))
    return documents


def is_read(table, content_type):
    """Whether a document's body is looked at: its table has a name that can be, and its type is one of ours."""
    return "-" not in table and content_type in CONTENT_TYPES.values()


def posts():
    """Table, content type and body of each file, and whether it is stored as no gateway would."""
    folder = Path(os.environ.get("SLUICE_CORPORA", REPOSITORY.parent / "shared" / "corpora"))
    if not (folder / "MANIFEST.json").is_file():
        raise SystemExit(f"no corpora in {folder}: set SLUICE_CORPORA")
    for name, table in TABLES.items():
        manifest = json.loads((folder / name / "MANIFEST.json").read_text("utf-8"))
        for entry in manifest["files"]:
            yield table, CONTENT_TYPES[entry["format"]], (folder / name / entry["file"]).read_bytes(), False


def _hostile():
    """What the gateway lets through, because it has no code to judge by: each becomes rejects."""
    json_type, lines = CONTENT_TYPES["json"], CONTENT_TYPES["ndjson"]
    yield "stripe", json_type, b'{"cut": ', False
    yield "stripe", json_type, b"", False
    yield "stripe", json_type, b'[{"id": "one_of_three"}, 7, {"id": "three_of_three"}]', False
    yield "cloudtrail", lines, b'{"eventName": "Good"}\n{"eventName": \nno json\n{"eventName": "AlsoGood"}\n', False
    yield "my-table", json_type, b"{}", False
    yield "stripe", "text/xml", b"<id/>", False
    yield "stripe", json_type, b"*no base64*", True

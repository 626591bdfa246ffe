"""Documents in the ingress bucket as API Gateway writes them (DESIGN 2.2): nothing of Sluice takes part."""

import base64
import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deployed.stack import INGRESS

PUTS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Document:
    """What a client posts, and what of it the gateway keeps."""

    id: str
    table: str
    body: bytes
    content_type: str
    received_at_ms: int
    principal: str = ""
    gzip: bool = False
    # Stored as it is, and so not as the gateway would.
    raw: bool = False

    @property
    def form(self):
        return "ndjson" if "ndjson" in self.content_type else "json"


def put_all(s3, documents):
    """Puts the documents, several at a time."""
    with ThreadPoolExecutor(PUTS_AT_ONCE) as threads:
        list(threads.map(lambda document: put(s3, document), documents))


def put(s3, document):
    """Encryption is the bucket's."""
    posted = gzip.compress(document.body, mtime=0) if document.gzip else document.body
    stored = posted if document.raw else base64.b64encode(posted)
    seconds = time.gmtime(document.received_at_ms // 1000)
    metadata = {"table": document.table, "request-time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", seconds),
                "request-time-epoch": str(document.received_at_ms), "content-type": document.content_type,
                "content-encoding": "gzip" if document.gzip else "", "principal": document.principal}
    s3.put_object(Bucket=INGRESS, Key=f"id={document.id}", Body=stored, ContentType="text/plain;base64",
                  Metadata={name: value for name, value in metadata.items() if value}, IfNoneMatch="*")


def announcement(documents):
    """What S3 tells of new objects, as it spells it: keys URL-encoded."""
    records = [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1",
                "eventName": "ObjectCreated:Put",
                "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": INGRESS, "arn": f"arn:aws:s3:::{INGRESS}"},
                       "object": {"key": f"id%3D{document.id}", "size": len(document.body), "sequencer": "0A"}}}
               for document in documents]
    return json.dumps({"Records": records})

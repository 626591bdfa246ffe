"""What a request asks of AWS: the service, the operation, and what kind of thing it is about."""

import json
from collections import Counter
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

# Prefixes of X-Amz-Target.
SERVICES = {"DynamoDB_20120810": "dynamodb", "AWSGlue": "glue", "AmazonSQS": "sqs", "AWSEvents": "events"}


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """A request, as a price list would name it. `about`: a kind of key, so that a count can be explained."""

    service: str
    operation: str
    about: str

    @property
    def changes(self):
        """Whether it may leave something behind."""
        return not self.operation.lower().startswith(("get", "head", "list", "batchget", "query"))

    def __str__(self):
        return f"{self.service} {self.operation} {self.about}".rstrip()


def call_of(method, target, headers, body):
    """Reads a request. `headers`: names in lower case."""
    named = headers.get("x-amz-target", "")
    if named:
        service, _, operation = named.partition(".")
        service = SERVICES.get(service, service)
        return Call(service, operation, _item(body) if service == "dynamodb" else "")
    return _of_s3(method, target)


def _of_s3(method, target):
    url = urlsplit(target)
    key = unquote(url.path.lstrip("/").partition("/")[2])
    if method == "GET" and ("list-type" in parse_qs(url.query, keep_blank_values=True) or not key):
        return Call("s3", "LIST", "")
    return Call("s3", method, _key(key))


def _key(key):
    if key.startswith("id="):
        return "document"
    if key.startswith("_registry/"):
        return "registry"
    if key.startswith("_"):
        return key.partition("/")[0].lstrip("_")
    return "part" if key.endswith(".parquet") else key


def _item(body):
    """What the item of a DynamoDB request is, by its keys."""
    try:
        request = json.loads(body)
    except ValueError:
        return "?"
    keys = request.get("Key") or request.get("Item") or {}
    if not keys:
        return "several" if "TransactItems" in request or "RequestItems" in request else "query"
    partition, sort = (keys.get(name, {}).get("S", "") for name in ("pk", "sk"))
    kind = partition.partition("#")[0]
    return kind if kind != "batch" else f"{kind} {sort.partition('#')[0]}"


def write_units(call, body):
    """What a write of an item costs in DynamoDB: a unit a started kilobyte. Of an update only the request is known; the
    items that are updated have less than one."""
    if call.service != "dynamodb" or not call.changes:
        return 0
    request = json.loads(body)
    if "TransactItems" in request:
        # Each at double price.
        return sum(2 * _units(next(iter(each.values())).get("Item", {})) for each in request["TransactItems"])
    return _units(request.get("Item", {}))


def _units(item):
    size = sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())
    return max(1, -(-size // 1024))


def _value_bytes(value):
    kind, held = next(iter(value.items()))
    if kind == "M":
        return sum(len(name.encode()) + _value_bytes(inner) for name, inner in held.items())
    if kind == "L":
        return sum(map(_value_bytes, held))
    return len(held) * 3 // 4 if kind == "B" else len(str(held).encode())


def subtract(later, earlier):
    """Counts since `earlier` was taken."""
    return Counter({call: count - earlier[call] for call, count in later.items() if count > earlier[call]})

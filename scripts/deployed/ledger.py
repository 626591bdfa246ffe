"""Where documents are, read from the ledger as API Gateway reads it (lake-functions/aws/src/ledger/mod.rs)."""

from boto3.dynamodb.types import TypeDeserializer

from deployed.stack import LEDGER

FINAL = {"normalized", "rejected", "partly_rejected"}
_VALUE = TypeDeserializer()


def document(dynamodb, table, document_id, ledger=LEDGER):
    """A document's item, None before it is seen. `table`: in lower case."""
    found = dynamodb.query(
        TableName=ledger, KeyConditionExpression="pk = :pk AND begins_with(sk, :table)", Limit=1,
        ExpressionAttributeValues={":pk": {"S": f"document#{document_id}"}, ":table": {"S": f"{table}#"}})
    return next((_plain(item) for item in found["Items"]), None)


def states(dynamodb):
    """The state of every document that the ledger knows, by id."""
    items = _scan(dynamodb, "document#")
    return {item["id"]: item["state"] for item in items}


def batches(dynamodb):
    """All batches."""
    return [item for item in _scan(dynamodb, "batch#") if item["sk"] == "batch"]


def _scan(dynamodb, prefix):
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=LEDGER, FilterExpression="begins_with(pk, :prefix)",
        ExpressionAttributeValues={":prefix": {"S": prefix}})
    return [_plain(item) for page in pages for item in page["Items"]]


def _plain(item):
    return {name: _VALUE.deserialize(value) for name, value in item.items()}

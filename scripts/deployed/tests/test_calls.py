"""Requests are counted as what they are: the cost page stands on it."""

import base64
import json
import unittest

from deployed.calls import call_of, write_units


def dynamodb(operation, request):
    body = json.dumps(request).encode()
    call = call_of("POST", "/", {"x-amz-target": f"DynamoDB_20120810.{operation}"}, body)
    return str(call), write_units(call, body)


class Calls(unittest.TestCase):
    def test_s3(self):
        cases = {
            ("HEAD", "/000000000000-lake-ingress/id%3Da-1"): "s3 HEAD document",
            ("GET", "/lake/_registry/orders/g1/1.json?x-id=GetObject"): "s3 GET registry",
            ("PUT", "/lake/orders/g1/tier%3Dlive/ingest_date%3D2026-02-01/b.parquet?x-id=PutObject"): "s3 PUT part",
            ("GET", "/lake?list-type=2&prefix=_registry"): "s3 LIST",
            ("GET", "/lake/?list-type=2"): "s3 LIST",
            ("GET", "/lake/sluice.yaml?x-id=GetObject"): "s3 GET sluice.yaml",
        }
        for (method, target), expected in cases.items():
            self.assertEqual(str(call_of(method, target, {}, b"")), expected)

    def test_services_with_a_target(self):
        call = call_of("POST", "/", {"x-amz-target": "AWSGlue.GetTable"}, b"{}")
        self.assertEqual((str(call), call.changes), ("glue GetTable", False))
        call = call_of("POST", "/", {"x-amz-target": "AmazonSQS.SendMessage"}, b"{}")
        self.assertEqual((str(call), call.changes, write_units(call, b"{}")), ("sqs SendMessage", True, 0))

    def test_items_and_their_write_units(self):
        keys = {"pk": {"S": "batch#1"}, "sk": {"S": "members#ab#0"}}
        packed = {"bytes": {"B": base64.b64encode(bytes(3000)).decode()}}
        self.assertEqual(dynamodb("PutItem", {"Item": keys}), ("dynamodb PutItem batch members", 1))
        self.assertEqual(dynamodb("PutItem", {"Item": keys | packed})[1], 3)
        self.assertEqual(dynamodb("PutItem", {"Item": keys | {"plan": {"M": packed}}})[1], 3)
        self.assertEqual(dynamodb("GetItem", {"Key": keys}), ("dynamodb GetItem batch members", 0))
        document = {"pk": {"S": "document#1"}, "sk": {"S": "t#g1"}}
        self.assertEqual(dynamodb("UpdateItem", {"Key": document}), ("dynamodb UpdateItem document", 1))
        admitted = {"TransactItems": [{"Put": {"Item": keys}}, {"Update": {"Key": keys}}]}
        self.assertEqual(dynamodb("TransactWriteItems", admitted), ("dynamodb TransactWriteItems several", 4))


if __name__ == "__main__":
    unittest.main()

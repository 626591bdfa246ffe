"""The expansion of `Sluice::Api`, deployed on the emulators, with bucket, role and ledger table."""

import http.client
import json
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

from api.intrinsics import evaluate

ROOT = Path(__file__).parent.parent.parent
EXPANSION = ROOT / "cloudformation/macro/tests/api/open.json"
REGION = "eu-central-1"
ACCOUNT = "000000000000"
BUCKET = f"{ACCOUNT}-lake-ingress"
LEDGER = "data_platform-ledger"
STAGE = "main"
# A 10 MB body through a template engine in Python.
ANSWER_SECONDS_MAX = 120


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Api:
    """A deployed API. `path`: what the stage ends."""

    def __init__(self, localstack, path):
        self.endpoint = localstack + path
        self._host, self._path = urllib.parse.urlsplit(localstack).netloc, path

    def ask(self, method, path, body=None, headers=()):
        """Exactly these headers, besides Host and Content-Length."""
        connection = http.client.HTTPConnection(self._host, timeout=ANSWER_SECONDS_MAX)
        try:
            connection.putrequest(method, self._path + path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()


class Deployed(Api):
    def __init__(self, localstack, dynamodb):
        self.s3 = client("s3", localstack)
        self.ledger = client("dynamodb", dynamodb)
        self._create_stores()
        super().__init__(localstack, import_api(localstack, BUCKET, LEDGER))

    def _create_stores(self):
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.ledger.create_table(
            TableName=LEDGER, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}])

    def keys(self):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return {found["Key"] for page in pages for found in page.get("Contents", [])}

    def object(self, id):
        """The document's object: what HEAD tells, and its body."""
        found = self.s3.get_object(Bucket=BUCKET, Key=f"id={id}")
        return found, found["Body"].read()


def import_api(localstack, bucket, ledger):
    """Deploys the API, with its role, over a bucket and a table. Answers its path, which the stage ends."""
    resources = json.loads(EXPANSION.read_text())
    names = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::URLSuffix": "amazonaws.com",
             "IngressBucket": bucket, "LedgerTable": ledger}
    names["ApiRole.Arn"] = _create_role(client("iam", localstack), evaluate(resources["ApiRole"]["Properties"], names))
    body = evaluate(resources["Api"]["Properties"]["Body"], names)
    gateway = client("apigateway", localstack)
    api = gateway.import_rest_api(body=json.dumps(body), failOnWarnings=True)["id"]
    # LocalStack's import leaves out gateway responses and the content handling of answers; AWS's does not.
    for kind, response in body["x-amazon-apigateway-gateway-responses"].items():
        gateway.put_gateway_response(restApiId=api, responseType=kind, **response)
    for resource in gateway.get_resources(restApiId=api, embed=["methods"], limit=500)["items"]:
        for method, told in resource.get("resourceMethods", {}).items():
            for status in told["methodIntegration"].get("integrationResponses", {}):
                gateway.update_integration_response(
                    restApiId=api, resourceId=resource["id"], httpMethod=method, statusCode=status,
                    patchOperations=[{"op": "replace", "path": "/contentHandling", "value": "CONVERT_TO_TEXT"}])
    gateway.create_deployment(restApiId=api, stageName=STAGE)
    return f"/_aws/execute-api/{api}/{STAGE}"


def _create_role(iam, properties):
    created = iam.create_role(RoleName="ingress", AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]))
    for policy in properties["Policies"]:
        iam.put_role_policy(RoleName="ingress", PolicyName=policy["PolicyName"],
                            PolicyDocument=json.dumps(policy["PolicyDocument"]))
    return created["Role"]["Arn"]


def client(service, endpoint):
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id=ACCOUNT,
                        aws_secret_access_key="test",
                        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"},
                                      proxies={}, read_timeout=ANSWER_SECONDS_MAX))

"""What a deployment has, made on an emulator: as the templates will make it, and as the functions expect it."""

import contextlib
import json
from pathlib import Path

from deployed.emulator import ACCOUNT, REGION
from deployed.waiting import until

INGRESS, LAKE, LEDGER = f"{ACCOUNT}-lake-ingress", f"{ACCOUNT}-lake", "lake-ledger"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lake-function"
RECEIVES_MAX = 5
FUNCTION_TIMEOUT_S = 120
# What became of a message whose function was killed is known after this time. On AWS at least six times the function's
# timeout, so that no message comes again while it is worked on; an emulator need not let a test wait for that. It also
# lets slow calls overlap, which is allowed to happen (D5).
COMES_AGAIN_AFTER_S = 6
# AWS gathers announcements for a window of seconds, up to 10,000. ministack knows no window and hands out 10 at most:
# the mapping is switched on when all announcements wait, and they come in tens. It runs one invocation at a time of a
# FIFO queue's function, where AWS runs one for each message group.
STANDARD_BATCH, FIFO_BATCH = 10_000, 10
WINDOW_S = 5
ACTIVE_WITHIN_S = 60
DISPATCHER, NORMALIZER = "dispatcher", "normalizer"


class Stack:
    """A deployment: clients of its services, and the URLs of its queues."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.s3, self.sqs, self.dynamodb, self.glue, self.kms, self.athena, self.functions = map(
            emulator.client, ("s3", "sqs", "dynamodb", "glue", "kms", "athena", "lambda"))
        self.announcements = self.batches = self.key_arn = self.mapping = ""
        self.dead = ()

    def make_stores(self):
        """Key, buckets, queues, ledger and databases: all but the functions."""
        self.key_arn = self.kms.create_key(Description="lake")["KeyMetadata"]["Arn"]
        for bucket in (INGRESS, LAKE):
            self._bucket(bucket)
        self.announcements, dead = self._queue("lake-announcements", {})
        # One writer at a time for each table, all tables side by side (D4).
        fifo = {"FifoQueue": "true", "DeduplicationScope": "messageGroup",
                "FifoThroughputLimit": "perMessageGroupId"}
        self.batches, dead_fifo = self._queue("lake-batches.fifo", fifo)
        self.dead = (dead, dead_fifo)
        self._ledger()
        for database in ("lake", "lake_files"):
            with contextlib.suppress(self.glue.exceptions.AlreadyExistsException):
                self.glue.create_database(DatabaseInput={"Name": database})

    def deploy(self, zips, endpoints):
        """The functions and what calls them; the dispatcher is not called before `open_gate`.

        `endpoints`: where each function finds AWS.
        """
        for name in (DISPATCHER, NORMALIZER):
            self.functions.create_function(
                FunctionName=name, Runtime="provided.al2023", Handler="bootstrap", Role=ROLE, Architectures=["x86_64"],
                Timeout=FUNCTION_TIMEOUT_S, MemorySize=1769, Code={"ZipFile": Path(zips, f"{name}.zip").read_bytes()},
                Environment={"Variables": self.environment(name) | {"AWS_ENDPOINT_URL": endpoints[name]}})
            until(f"function {name} is active", lambda name=name: self._active(name), ACTIVE_WITHIN_S)
        self.mapping = self._map(self.announcements, DISPATCHER, Enabled=False, BatchSize=STANDARD_BATCH,
                                 MaximumBatchingWindowInSeconds=WINDOW_S)
        self._map(self.batches, NORMALIZER, BatchSize=FIFO_BATCH)
        queue = {"QueueArn": self.arn(self.announcements), "Events": ["s3:ObjectCreated:*"],
                 "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "id="}]}}}
        self.s3.put_bucket_notification_configuration(
            Bucket=INGRESS, NotificationConfiguration={"QueueConfigurations": [queue]})

    def environment(self, function):
        """What a function is told (lake-functions/aws/src/config.rs)."""
        common = {"SLUICE_INGRESS_BUCKET": INGRESS, "SLUICE_LEDGER_TABLE": LEDGER, "SLUICE_QUEUE_URL": self.batches}
        if function == DISPATCHER:
            return common
        return common | {"SLUICE_LAKE_BUCKET": LAKE, "SLUICE_KMS_KEY_ARN": self.key_arn,
                         "SLUICE_EVENT_BUS": "default"}

    def gate(self, is_open):
        """Lets announcements through to the dispatcher, or keeps them."""
        self.functions.update_event_source_mapping(UUID=self.mapping, Enabled=is_open)

    def messages(self, queue):
        """How many messages a queue has, in flight or waiting."""
        told = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        return sum(int(told.get(f"ApproximateNumberOfMessages{kind}", 0)) for kind in ("", "NotVisible", "Delayed"))

    def arn(self, queue):
        return self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def _bucket(self, name):
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.key_arn},
                "BucketKeyEnabled": True}
        self.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        # No versioning: no object is ever overwritten by other bytes.

    def _queue(self, name, attributes):
        """A queue and its dead-letter queue; their URLs."""
        stem, dot, suffix = name.partition(".")
        kind = {name: value for name, value in attributes.items() if name == "FifoQueue"}
        dead = self.sqs.create_queue(QueueName=f"{stem}-dead{dot}{suffix}",
                                     Attributes=kind | {"MessageRetentionPeriod": str(14 * 86_400)})["QueueUrl"]
        policy = {"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": RECEIVES_MAX}
        allow = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
                 "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
                 "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{INGRESS}"}}}
        attributes = attributes | {
            "VisibilityTimeout": str(COMES_AGAIN_AFTER_S), "RedrivePolicy": json.dumps(policy),
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"], dead

    def _ledger(self):
        """As lake-functions/aws/src/ledger/create.rs says."""
        def key(partition, sort):
            return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
        kinds = {"pk": "S", "sk": "S", "open": "S", "table": "S", "created_at_ms": "N"}
        indexes = {"open_batches": key("open", "created_at_ms"), "batches_of_table": key("table", "created_at_ms")}
        self.dynamodb.create_table(
            TableName=LEDGER, BillingMode="PAY_PER_REQUEST", KeySchema=key("pk", "sk"),
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
            GlobalSecondaryIndexes=[{"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "KEYS_ONLY"}}
                                    for name, keys in indexes.items()])
        self.dynamodb.get_waiter("table_exists").wait(TableName=LEDGER, WaiterConfig={"Delay": 1})
        self.dynamodb.update_time_to_live(
            TableName=LEDGER, TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True})

    def _map(self, queue, function, **settings):
        return self.functions.create_event_source_mapping(
            EventSourceArn=self.arn(queue), FunctionName=function,
            FunctionResponseTypes=["ReportBatchItemFailures"], **settings)["UUID"]

    def _active(self, function):
        return self.functions.get_function(FunctionName=function)["Configuration"]["State"] == "Active"


"""The plain templates, created on ministack in every combination of their conditions. Started by scripts/test-stacks."""

import itertools
import json
import subprocess
import sys

from botocore.exceptions import ClientError
from cfnlint.decode import decode
from emulator import REGION, ROOT, Emulator, check, matches, run

BUCKETS = {"Ingress": "lake-ingress", "Lake": "lake", "Results": "lake-results", "AccessLogs": "lake-access-logs"}


class Place:
    """Accounts of one ministack: every stack gets an empty one, as names are fixed in an account."""

    def __init__(self):
        # With AUTH, IAM policies and bucket policies hold; and these deny whatever does not come over TLS.
        self.emulator = Emulator("ministack", tls=True, AUTH="true")
        self._number = itertools.count(100000000001)

    def account(self):
        return f"{next(self._number)}"

    def create(self, template, account, **parameters):
        return self.emulator.create_stack(f"{template}-under-test", f"{template}.yaml", account, **parameters)

    def delete(self, template, account):
        client = self.emulator.client("cloudformation", account)
        client.delete_stack(StackName=f"{template}-under-test")
        client.get_waiter("stack_delete_complete").wait(
            StackName=f"{template}-under-test", WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    def key(self, account):
        return self.emulator.client("kms", account).create_key()["KeyMetadata"]["Arn"]


def encryption(place):
    for enable, reuse in itertools.product(("True", "False"), (False, True)):
        account = place.account()
        key = place.key(account) if reuse else "NONE"
        outputs = place.create("encryption", account, EnableEncryption=enable, KmsKeyArn=key)
        kms = place.emulator.client("kms", account)
        made = [k["KeyArn"] for k in kms.list_keys()["Keys"] if k["KeyArn"] != key]
        aliases = [a["AliasName"] for a in kms.list_aliases()["Aliases"] if not a["AliasName"].startswith("alias/aws/")]
        if enable == "False":
            check(outputs["KmsKeyArn"] == "NONE" and not made and not aliases, outputs, made)
        elif reuse:
            check(outputs["KmsKeyArn"] == key and not made and not aliases, outputs, made)
        else:
            check([outputs["KmsKeyArn"]] == made, outputs, made)
            check(aliases == ["alias/data_platform-lake"], aliases)
            check(kms.get_key_rotation_status(KeyId=made[0])["KeyRotationEnabled"])
            policy = json.loads(kms.get_key_policy(KeyId=made[0], PolicyName="default")["Policy"])
            for statement in policy["Statement"]:
                check(all("*" not in action for action in listed(statement["Action"])), "a wildcard", statement)
                check("Condition" in statement or statement["Sid"] == "Administration", "no condition", statement)
                check("*" not in str(statement["Principal"]), statement)
            place.delete("encryption", account)
            check(kms.describe_key(KeyId=made[0])["KeyMetadata"]["Enabled"], "the key went with its stack")


def auth(place):
    for reuse_pool, reuse_client in ((False, False), (True, False), (True, True)):
        account = place.account()
        cognito = place.emulator.client("cognito-idp", account)
        pool = client = "NONE"
        if reuse_pool:
            pool = cognito.create_user_pool(PoolName="theirs")["UserPool"]["Id"]
        if reuse_client:
            client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="theirs")["UserPoolClient"]["ClientId"]
        outputs = place.create("auth", account, UserPoolId=pool, UserPoolClientId=client)
        pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
        check([p["Id"] for p in pools] == [outputs["UserPoolId"]], pools, outputs)
        check(outputs["UserPoolArn"] == f"arn:aws:cognito-idp:{REGION}:{account}:userpool/{outputs['UserPoolId']}", outputs)
        check(outputs["Issuer"].endswith("/" + outputs["UserPoolId"]), outputs)
        check(not reuse_pool or outputs["UserPoolId"] == pool, outputs)
        check(not reuse_client or outputs["UserPoolClientId"] == client, outputs)
        if not reuse_client:
            made = cognito.describe_user_pool_client(
                UserPoolId=outputs["UserPoolId"], ClientId=outputs["UserPoolClientId"])["UserPoolClient"]
            check(made["ClientSecret"] and made["PreventUserExistenceErrors"] == "ENABLED", made)
            check(sorted(made["ExplicitAuthFlows"]) == ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH"], made)
        if not reuse_pool:
            made = cognito.describe_user_pool(UserPoolId=outputs["UserPoolId"])["UserPool"]
            check(made["Name"] == "data_platform-user_pool" and made["DeletionProtection"] == "ACTIVE", made)
            check(made["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"], made)
        place.delete("auth", account)
        check(len(cognito.list_user_pools(MaxResults=60)["UserPools"]) == 1, "the users went with the stack")


def auth_refuses_a_client_of_no_pool(place):
    try:
        place.create("auth", place.account(), UserPoolClientId="abc")
    except (ClientError, AssertionError) as refused:
        matches("UserPoolClientId is a client of the existing pool", str(refused))
    else:
        raise AssertionError("a client of no pool was taken")


def storage(place):
    for encrypt, announce, days in itertools.product((False, True), (False, True), ("0", "365")):
        account = place.account()
        key = place.key(account) if encrypt else "NONE"
        queue = queue_for(place, account) if announce else "NONE"
        told = {"KmsKeyArn": key, "AnnouncementQueueArn": queue, "DocumentRetentionDays": days}
        outputs = place.create("storage", account, **told)
        s3 = place.emulator.client("s3", account)
        check(sorted(b["Name"] for b in s3.list_buckets()["Buckets"]) == sorted(f"{account}-{n}" for n in BUCKETS.values()))
        for logical, name in BUCKETS.items():
            bucket = f"{account}-{name}"
            check(outputs[f"{logical}Bucket"] == bucket, outputs)
            check(all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()), bucket)
            check(s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled", bucket)
        ingress = f"{account}-lake-ingress"
        queues = s3.get_bucket_notification_configuration(Bucket=ingress).get("QueueConfigurations", [])
        check([q["QueueArn"] for q in queues] == ([queue] if announce else []), queues)

        puts_as_the_policies_say(place, account, key if encrypt else None)

        # Deleted and deployed again: the data is kept, and taken up.
        s3.put_object(Bucket=ingress, Key="id=1", Body=b"e30=")
        place.delete("storage", account)
        check(s3.get_object(Bucket=ingress, Key="id=1")["Body"].read() == b"e30=", "a document went with the stack")
        again = place.create("storage", account, ReuseData="True", **told)
        check(again == outputs, again, outputs)


def storage_as_written(_place):
    """What ministack leaves out of a bucket: encryption, retention, access logs, inventory."""
    for key, days in itertools.product(("NONE", "arn:key"), ("0", "365")):
        buckets = {name: bucket["Properties"] for name, bucket in resources(
            "storage", KmsKeyArn=key, DocumentRetentionDays=days).items() if bucket["Type"] == "AWS::S3::Bucket"}
        check(sorted(buckets) == sorted(BUCKETS), sorted(buckets))
        for name, bucket in buckets.items():
            [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            check(rule == ({"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                           if key == "NONE" or name == "AccessLogs" else
                           {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {
                               "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}), name, rule)
            rules = bucket["LifecycleConfiguration"]["Rules"]
            expired = [(r.get("Prefix", ""), r["ExpirationInDays"]) for r in rules if "ExpirationInDays" in r]
            check(expired == {
                "Ingress": [("", "365")] if days == "365" else [], "Lake": [("_inventory/", 14)], "Results": [("", "14")],
                "AccessLogs": [("", "90")]}[name], name, rules)
            check(sum("NoncurrentVersionExpiration" in r for r in rules) == 1, name, rules)
            check(name == "AccessLogs" or bucket["LoggingConfiguration"] == {
                "DestinationBucketName": "AccessLogs", "LogFilePrefix": f"{BUCKETS[name].removeprefix('lake-')}/"}, bucket)
        [inventory] = buckets["Ingress"]["InventoryConfigurations"]
        check(inventory["Enabled"] and inventory["ScheduleFrequency"] == "Daily", inventory)
        check(inventory["Destination"]["Format"] == "CSV" and inventory["Destination"]["Prefix"] == "_inventory", inventory)


def retention_as_the_script_says(_place):
    """What scripts/deploy gives buckets that it takes up is what storage.yaml gives those that it makes."""
    for days in ("0", "365"):
        told = {"DocumentRetentionDays": days, "ResultRetentionDays": "8", "AccessLogRetentionDays": "91", "NoncurrentDays": "31"}
        for name, bucket in resources("storage", **told).items():
            if bucket["Type"] == "AWS::S3::Bucket":
                written = [as_s3_takes_it(rule) for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]]
                given = json.loads(subprocess.run(
                    ["bash", "-c", LIFECYCLE_OF, "bash", str(ROOT), f"1-{BUCKETS[name]}", *told.values()],
                    check=True, capture_output=True, text=True).stdout)
                check(given == written, name, given, written)


LIFECYCLE_OF = """set -euo pipefail
source "$1/scripts/lib/retention.sh"
documents_days=$3 results_days=$4 logs_days=$5 noncurrent_days=$6
lifecycle_of "$2"
"""


def as_s3_takes_it(rule):
    """A rule of a template; the numbers that are parameters there are texts."""
    expiration = {s3: given for s3, given in (("Days", rule.get("ExpirationInDays")), (
        "ExpiredObjectDeleteMarker", rule.get("ExpiredObjectDeleteMarker"))) if given is not None}
    taken = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}, "Expiration": expiration} | {
        name: rule[name] for name in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration") if name in rule}
    return {name: {key: int(value) if isinstance(value, str) and value.isdigit() else value for key, value in part.items()}
            if isinstance(part, dict) else part for name, part in taken.items() if part != {}}


def data_is_kept(_place):
    for template in ("encryption", "auth", "storage", "catalog", "ledger"):
        for name, resource in resources(template).items():
            # Kept, but for the creation that failed.
            kept = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")) == ("RetainExceptOnCreate", "Retain")
            check(kept == (resource["Type"] not in (
                "AWS::KMS::Alias", "AWS::Cognito::UserPoolClient", "AWS::Athena::WorkGroup")), template, name)


def protected_when_told(_place):
    for told, pool, table in (("True", "ACTIVE", True), ("False", "INACTIVE", False)):
        check(resources("auth", ProtectData=told)["UserPool"]["Properties"]["DeletionProtection"] == pool)
        check(resources("ledger", ProtectData=told)["Ledger"]["Properties"]["DeletionProtectionEnabled"] is table)


def resources(name, **parameters):
    """Of a template: those whose condition holds, with its conditions decided and references left as their names."""
    template, faults = decode(str(ROOT / "cloudformation" / f"{name}.yaml"))
    check(template and not faults, faults)
    values = {k: str(v["Default"]) for k, v in template["Parameters"].items() if "Default" in v} | parameters

    def value(node):
        if isinstance(node, list):
            return [v for v in (value(n) for n in node) if v is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(function, argument)] = node.items()
            match function:
                case "Ref":
                    return NO_VALUE if argument == "AWS::NoValue" else values.get(argument, argument)
                case "Fn::If":
                    return value(argument[1 if holds(argument[0]) else 2])
                case "Fn::Equals":
                    return value(argument[0]) == value(argument[1])
                case "Fn::Not":
                    return not value(argument[0])
                case "Fn::And":
                    return all(value(a) for a in argument)
                case "Condition":
                    return holds(argument)
        return {k: v for k, v in ((k, value(n)) for k, n in node.items()) if v is not NO_VALUE}

    def holds(condition):
        return value(template["Conditions"][condition])

    return {k: {n: value(v) if n == "Properties" else v for n, v in r.items()}
            for k, r in template["Resources"].items() if "Condition" not in r or holds(r["Condition"])}


NO_VALUE = object()


def puts_as_the_policies_say(place, account, key):
    """`key`: of the buckets; None where S3's own keys are used. ministack looks at the algorithm that a put asks for, not
    at the key (NoOtherKey, NoKeysOfTheCaller), and holds policies against users only, not against the account's root."""
    iam = place.emulator.client("iam", account)
    iam.create_user(UserName="writer")
    iam.put_user_policy(UserName="writer", PolicyName="all", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "kms:*"], "Resource": "*"}]}))
    access = iam.create_access_key(UserName="writer")["AccessKey"]
    s3 = place.emulator.client("s3", access["AccessKeyId"], access["SecretAccessKey"])
    own, other = {"ServerSideEncryption": "AES256"}, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": place.key(account)}
    if key:
        own, other = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}, own
    for name in ("lake-ingress", "lake", "lake-results"):
        bucket = f"{account}-{name}"
        for headers in ({}, own):
            s3.put_object(Bucket=bucket, Key="x", Body=b"", **headers)
        try:
            s3.put_object(Bucket=bucket, Key="x", Body=b"", **other)
        except ClientError as refused:
            check(refused.response["Error"]["Code"] == "AccessDenied", refused)
        else:
            raise AssertionError(f"{bucket} took a put with {other}")


def queue_for(place, account):
    sqs = place.emulator.client("sqs", account)
    arn = f"arn:aws:sqs:{REGION}:{account}:announcements"
    sqs.create_queue(QueueName="announcements", Attributes={"Policy": json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": arn, "Condition": {
                "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{account}-lake-ingress"},
                "StringEquals": {"aws:SourceAccount": account}}}]})})
    return arn


def catalog(place):
    for encrypt in (False, True):
        account = place.account()
        key = place.key(account) if encrypt else "NONE"
        told = {"KmsKeyArn": key, "LakeBucket": f"{account}-lake", "ResultsBucket": f"{account}-lake-results"}
        outputs = place.create("catalog", account, **told)
        glue, athena = (place.emulator.client(s, account) for s in ("glue", "athena"))
        check(sorted(d["Name"] for d in glue.get_databases()["DatabaseList"]) == ["lake", "lake_files"])
        group = athena.get_work_group(WorkGroup="data_platform")["WorkGroup"]["Configuration"]
        check(group["EnforceWorkGroupConfiguration"] and int(group["BytesScannedCutoffPerQuery"]) == 107374182400, group)
        results = group["ResultConfiguration"]
        check(results["OutputLocation"] == f"s3://{account}-lake-results/queries/", results)
        check(results["EncryptionConfiguration"] == (
            {"EncryptionOption": "SSE_KMS", "KmsKey": key} if encrypt else {"EncryptionOption": "SSE_S3"}), results)
        place.delete("catalog", account)
        check(len(glue.get_databases()["DatabaseList"]) == 2, "the databases went with the stack")
        check(place.create("catalog", account, ReuseData="True", **told) == outputs)


def ledger(place):
    for encrypt in (False, True):
        account = place.account()
        told = {"KmsKeyArn": place.key(account) if encrypt else "NONE"}
        outputs = place.create("ledger", account, **told)
        dynamodb = place.emulator.client("dynamodb", account)
        table = dynamodb.describe_table(TableName=outputs["LedgerTable"])["Table"]
        check(outputs == {"LedgerTable": "data_platform-ledger", "LedgerArn": table["TableArn"]}, outputs, table)
        check(table["DeletionProtectionEnabled"] and table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST", table)
        check(keys(table) == ["pk", "sk"], table)
        indexes = {index["IndexName"]: index for index in table["GlobalSecondaryIndexes"]}
        check(keys(indexes["open_batches"]) == ["open", "created_at_ms"] and len(indexes) == 2, indexes)
        check(keys(indexes["batches_of_table"]) == ["table", "created_at_ms"], indexes)
        check(all(index["Projection"] == {"ProjectionType": "KEYS_ONLY"} for index in indexes.values()), indexes)

        # Deleted and deployed again: the ledger is kept, and taken up.
        item = {"pk": {"S": "document#1"}, "sk": {"S": "orders#g1"}}
        dynamodb.put_item(TableName=outputs["LedgerTable"], Item=item)
        place.delete("ledger", account)
        check(place.create("ledger", account, ReuseData="True", **told) == outputs, outputs)
        check(dynamodb.get_item(TableName=outputs["LedgerTable"], Key=item)["Item"] == item, "an item went with the stack")


def keys(table):
    return [key["AttributeName"] for key in table["KeySchema"]]


def ledger_as_written(_place):
    """What ministack leaves out of a table."""
    for key in ("NONE", "arn:key"):
        table = resources("ledger", KmsKeyArn=key)["Ledger"]["Properties"]
        check(table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}, table)
        check(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True, table)
        check(table["SSESpecification"] == ({"SSEEnabled": False} if key == "NONE" else {
            "SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}), table)


EVENTS = {
    "batch.dead": ({"sends": 2}, "Sluice data_platform: batch 0a of table orders waits in the dead-letter queue."),
    "document.rejected": (
        {"documents": 2, "rejects": {"bad_json": 2}},
        "Sluice data_platform: 2 whole documents for table orders were rejected (batch 0a)."),
    "document.rejected ": (
        {"documents": 0, "rejects": {"bad_json": 1}},
        "Sluice data_platform: some records for table orders were rejected (batch 0a); the rest of their documents became "
        "rows."),
    "type.conflict": (
        {"paths": 3}, "Sluice data_platform: 3 paths of table orders now have values of one kind more (batch 0a)."),
    "something.else": ({"documents": 1}, None),
}


def notifications(place):
    for rejects, conflicts, email in itertools.product(("True", "False"), ("True", "False"), ("NONE", "who@example.com")):
        account = place.account()
        topic = place.create(
            "notifications", account, TellRejects=rejects, TellConflicts=conflicts, AlarmEmail=email,
            KmsKeyArn=place.key(account))["TopicArn"]
        sns, sqs, events = (place.emulator.client(s, account) for s in ("sns", "sqs", "events"))
        told = [s["Endpoint"] for s in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]]
        check(told == ([] if email == "NONE" else [email]), told)
        arn = f"arn:aws:sqs:{REGION}:{account}:heard"
        queue = sqs.create_queue(QueueName="heard", Attributes={"Policy": json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
                "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]})})["QueueUrl"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        for kind, (detail, _) in EVENTS.items():
            detail = json.dumps({"table": "orders", "batch": "0a"} | detail)
            for source in ("sluice", "another"):
                events.put_events(Entries=[{"Source": source, "DetailType": kind.strip(), "Detail": detail}])
        told_of = {"batch.dead": "True", "document.rejected": rejects, "type.conflict": conflicts}
        expected = sorted(
            text for kind, (_, text) in EVENTS.items() if told_of.get(kind.strip()) == "True")
        heard = []
        # A long poll, so that what comes late is heard, and what should not come has time to.
        while messages := sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                heard.append(json.loads(message["Body"].splitlines()[0]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        check(sorted(heard) == expected, heard, expected)


def observability(place):
    for detailed, dashboard in itertools.product(("False", "True"), repeat=2):
        account = place.account()
        topic = place.emulator.client("sns", account).create_topic(Name="alarms")["TopicArn"]
        place.create(
            "observability", account, AlarmTopic=topic, IngressBucket="b", AccessLogsBucket="b",
            EnableDetailedAlarms=detailed, EnableDashboard=dashboard)
        cloudwatch = place.emulator.client("cloudwatch", account)
        alarms = cloudwatch.describe_alarms()["MetricAlarms"]
        check(len(alarms) == (7 if detailed == "True" else 1), alarms)
        check(all(alarm["AlarmActions"] == alarm["OKActions"] == [topic] for alarm in alarms), alarms)
        names = [entry["DashboardName"] for entry in cloudwatch.list_dashboards()["DashboardEntries"]]
        check(names == (["data_platform"] if dashboard == "True" else []), names)
        if names:
            body = json.loads(cloudwatch.get_dashboard(DashboardName=names[0])["DashboardBody"])
            check(len(body["widgets"]) == 8 and "${" not in json.dumps(body), body)


def observability_as_written(_place):
    """ministack makes no trails."""
    for on in ("False", "True"):
        trails = [r["Properties"] for r in resources("observability", EnableDataEvents=on).values()
                  if r["Type"] == "AWS::CloudTrail::Trail"]
        check(len(trails) == (1 if on == "True" else 0), trails)
        for trail in trails:
            # As the policies of the bucket and of the key want it.
            check(trail["TrailName"] == {"Fn::Sub": "${Prefix}-documents"} and trail["S3KeyPrefix"] == "cloudtrail", trail)
            [selector] = trail["AdvancedEventSelectors"]
            fields = {field["Field"] for field in selector["FieldSelectors"]}
            check(fields == {"eventCategory", "resources.type", "resources.ARN"}, selector)


def listed(value):
    return value if isinstance(value, list) else [value]


def main():
    place = Place()
    tests = []
    for test in (data_is_kept, protected_when_told, retention_as_the_script_says, encryption, auth, auth_refuses_a_client_of_no_pool, storage, storage_as_written, catalog,
                 ledger, ledger_as_written, notifications, observability, observability_as_written):
        def named(test=test):
            test(place)
        named.__name__ = test.__name__
        tests.append(named)
    wanted = sys.argv[1:]
    try:
        return run([test for test in tests if not wanted or test.__name__ in wanted])
    finally:
        place.emulator.__exit__()


if __name__ == "__main__":
    sys.exit(main())

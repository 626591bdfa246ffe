"""The platform as a person deploys it, with scripts/deploy and scripts/destroy, on ministack. See scripts/test-deploy.

The steps build on each other: one account, from nothing to nothing.

What ministack's CloudFormation is not, and what stands in for it here, so that the scripts need not know:
- It has no macros. The scripts ask and expand the templates themselves. The way with the macro is gone once with a copy
  of the tree in which ministack finds nothing of it to do, and its function gets CloudFormation's own event
  (`the_macro_answers`).
- It makes buckets without the encryption and the tags that the template asks for, by which scripts/destroy and scripts/deploy find
  the key, and it hands a number to an event source as text, on which its poller fails: `mend` sets both.
- Its nested stacks can neither be updated nor keep what is to be kept: see `mended`.
- It leaves nested stacks of a root that it rolls back, which `is_rolled_back` deletes, and forgets what was in them.
- It does not hold functions against their roles: one that a schedule calls while the stack goes makes its log group
  again. `mend` switches the schedules off.
- It has no CloudTrail, so that EnableDataEvents fails, late (`what_fails_late_is_taken_back`), and its queues know no window.
- Its API Gateway is made, with the endpoint that AWS would have, and calls no S3: LocalStack's runs the same API, as the
  macro makes it, over ministack's S3 and DynamoDB (scripts/api/stand_ins.py tells where it differs from AWS's). Who may
  post, neither asks.
"""

import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
from pathlib import Path

from api.deployed import Api, import_api
from api.localstack import localstack

from deployed import lake, ledger
from deployed.emulator import ACCOUNT, REGION, REPOSITORY, SECRET, ministack
from deployed.waiting import until

DEPLOY_WITHIN_S = 600
ROWS_WITHIN_S = 120
PREFIX = "data_platform"
STACK, MACROS, LEDGER = "data-platform-lake", "data-platform-macros", f"{PREFIX}-ledger"
BUCKETS = {f"{ACCOUNT}-{name}" for name in ("lake-ingress", "lake", "lake-results", "lake-access-logs")}
CODE = f"{ACCOUNT}-lake-code"
# What an authorizer tells the API of who posts, as scripts/api/stand_ins.py takes it.
ADA = ("x-test-authorizer", base64.b64encode(json.dumps({"claims": {"cognito:username": "ada"}}).encode()).decode())
TAGS = [{"Key": "application", "Value": "sluice"}, {"Key": "prefix", "Value": PREFIX}]


class Told:
    """How a script ended and what it printed."""

    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __str__(self):
        return f"status {self.status}\n--- standard output\n{self.out}\n--- standard error\n{self.err}"

    def says(self, *texts):
        for text in texts:
            assert text in self.out + self.err, f"nothing of {text!r} in {self}"
        return self


class Account:
    """An account of ministack, and a person in it who types commands."""

    def __init__(self, emulator, api, zips):
        self.api, self.zips = api, zips
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLUICE_STACK", "SLUICE_PREFIX"))}
        self.environment |= {
            "AWS_ENDPOINT_URL": emulator.endpoint, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        self.posted = []
        (self.cloudformation, self.cognito, self.dynamodb, self.athena, self.rules, self.glue, self.iam, self.kms, self.functions,
         self.logs, self.s3, self.sns, self.sqs, self.cloudwatch, self.scheduler) = map(emulator.client, (
             "cloudformation", "cognito-idp", "dynamodb", "athena", "events", "glue", "iam", "kms", "lambda",
             "logs", "s3", "sns", "sqs", "cloudwatch", "scheduler"))

    def types(self, name, *arguments, status=0, tree=REPOSITORY, **environment):
        """Runs a script of scripts/ as typed, with no terminal to answer on. `tree`: where scripts/ is."""
        done = subprocess.run([str(tree / "scripts" / name), *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, start_new_session=True, check=False,
                              env=self.environment | environment, timeout=DEPLOY_WITHIN_S)
        told = Told(done)
        assert told.status == status, f"scripts/{name} {' '.join(arguments)}: {told}"
        return told

    def deploys(self, *arguments, status=0, tree=REPOSITORY):
        told = self.types("deploy", "--arch", "x86_64", "--zips", str(self.zips), *arguments, status=status, tree=tree)
        if status == 0 and "--dry-run" not in arguments:
            self.mend()
        return told

    def mend(self):
        """Makes good what ministack's CloudFormation leaves out."""
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.outputs()["KmsKeyArn"]},
                "BucketKeyEnabled": True}
        for bucket in BUCKETS:
            self.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
            self.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": TAGS})
        for mapping in self.functions.list_event_source_mappings()["EventSourceMappings"]:
            self.functions.update_event_source_mapping(
                UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(mapping["ScalingConfig"]["MaximumConcurrency"])})
        for named in self.scheduler.list_schedules()["Schedules"]:
            schedule = self.scheduler.get_schedule(Name=named["Name"])
            self.scheduler.update_schedule(State="DISABLED", **{name: schedule[name] for name in (
                "Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")})

    def stacks(self):
        """Name to stack, of those that are there."""
        stacks = self.cloudformation.describe_stacks()["Stacks"]
        return {stack["StackName"]: stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"}

    def outputs(self):
        return {o["OutputKey"]: o["OutputValue"] for o in self.stacks()[STACK]["Outputs"]}

    def buckets(self):
        return {bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]}

    def configurations(self):
        """Each function's configuration, but for what differs each time it is asked for."""
        return {f["FunctionName"]: f for f in self.functions.list_functions()["Functions"]}

    def events(self):
        """How many things have happened to each stack."""
        return {name: len(self.cloudformation.describe_stack_events(StackName=stack["StackId"])["StackEvents"])
                for name, stack in self.stacks().items()}

    def holds(self):
        """What is there, by kind: nothing but what an empty account has is left out."""
        there = {
            "stacks": list(self.stacks()),
            "buckets": self.buckets(),
            "tables": self.dynamodb.list_tables()["TableNames"],
            "queues": self.sqs.list_queues().get("QueueUrls", []),
            "functions": list(self.configurations()),
            "topics": [topic["TopicArn"] for topic in self.sns.list_topics()["Topics"]],
            "rules": [rule["Name"] for rule in self.rules.list_rules()["Rules"]],
            "schedules": [schedule["Name"] for schedule in self.scheduler.list_schedules()["Schedules"]],
            "alarms": [alarm["AlarmName"] for alarm in self.cloudwatch.describe_alarms()["MetricAlarms"]],
            "pools": [pool["Name"] for pool in self.pools()],
            "databases": [database["Name"] for database in self.glue.get_databases()["DatabaseList"]
                          if database["Name"] != "default"],
            "keys": [key["KeyArn"] for key in self.kms.list_keys()["Keys"] if self.key_state(key["KeyArn"]) == "Enabled"],
            "roles": [role["RoleName"] for role in self.iam.list_roles()["Roles"]],
            "logs": [group["logGroupName"] for group in self.logs.describe_log_groups()["logGroups"]],
            "workgroups": [group["Name"] for group in self.athena.list_work_groups()["WorkGroups"]
                           if group["Name"] != "primary"],
        }
        return {kind: sorted(names) for kind, names in there.items() if names}

    def is_protected(self):
        """Whether ledger and users refuse to be deleted."""
        [pool] = self.pools()
        table = self.dynamodb.describe_table(TableName=LEDGER)["Table"]
        pool = self.cognito.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
        return table["DeletionProtectionEnabled"] and pool["DeletionProtection"] == "ACTIVE"

    def makes_bucket(self, name, **objects):
        """As storage.yaml would, in what tells whose it is."""
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        self.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": TAGS})
        for key, body in objects.items():
            self.s3.put_object(Bucket=name, Key=key, Body=body)

    def leaves_behind(self):
        """What a creation may have made and not taken back: without its policy a bucket, with protection a table, ..."""
        self.makes_bucket(f"{ACCOUNT}-lake-ingress")
        self.makes_bucket(f"{ACCOUNT}-lake-access-logs", log=b"PUT")
        key = [{"AttributeName": name, "KeyType": kind} for name, kind in (("pk", "HASH"), ("sk", "RANGE"))]
        self.dynamodb.create_table(
            TableName=LEDGER, BillingMode="PAY_PER_REQUEST", KeySchema=key, DeletionProtectionEnabled=True, Tags=TAGS,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")])
        self.glue.create_database(DatabaseInput={"Name": "lake", "Parameters": {tag["Key"]: tag["Value"] for tag in TAGS}})
        self.cognito.create_user_pool(PoolName=f"{PREFIX}-user_pool", DeletionProtection="ACTIVE",
                                      UserPoolTags={tag["Key"]: tag["Value"] for tag in TAGS})

    def sends(self, queue, **group):
        if group:
            group["MessageDeduplicationId"] = str(uuid.uuid4())
        self.sqs.send_message(QueueUrl=self.sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody="{}", **group)

    def empties_queues(self):
        for url in self.sqs.list_queues()["QueueUrls"]:
            self.sqs.purge_queue(QueueUrl=url)

    def keeps(self, bucket, **rule):
        """Gives a bucket one rule of how long it keeps things."""
        rules = [{"Status": "Enabled", "Filter": {"Prefix": ""}} | rule]
        self.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})

    def kept(self):
        """The rules of each bucket, and the days of each."""
        def told(rule):
            days = rule.get("Expiration", {}).get("Days") or rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
            return f"{rule['ID']} {days}"

        return {bucket.removeprefix(f"{ACCOUNT}-"): sorted(map(told, self.s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]))
                for bucket in BUCKETS}

    def pools(self):
        return [pool for page in self.cognito.get_paginator("list_user_pools").paginate(MaxResults=60) for pool in page["UserPools"]]

    def is_rolled_back(self):
        """The root. Its nested stacks, which CloudFormation takes back with it, ministack leaves."""
        stacks = self.stacks()
        assert stacks.pop(STACK)["StackStatus"] == "ROLLBACK_COMPLETE", self.stacks()
        for stack in stacks.values():
            self.cloudformation.delete_stack(StackName=stack["StackId"])

    def key_state(self, key):
        return self.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]

    def posts(self, text):
        """Posts a document to the API, and asks that for it until it is a row. Answers the seconds."""
        started = time.monotonic()
        answer = self.asks("POST", "/table/Orders/object", {"item": {"text": text}, "count": 7}, [ADA])
        assert answer.status == 200, answer
        path = f"/table/orders/object/{answer.json['data']['id']}"

        def told():
            answer = self.asks("GET", path)
            assert answer.status == 200 or answer.json["error"]["code"] == "not_seen_yet", answer
            return answer.json.get("data", {})

        until(lambda: f"the API says {told()} of the document", lambda: told().get("state") in ledger.FINAL, ROWS_WITHIN_S)
        seconds = time.monotonic() - started
        assert (told()["state"], told()["rows"]) == ("normalized", 1), told()
        rows = lake.query(self.athena, f"SELECT item__text, \"count\", _principal FROM \"lake_files\".\"orders\" WHERE _id = '{told()['id']}'")
        assert rows == [[text, "7", "ada"]], rows
        self.posted.append(text)
        return seconds

    def asks(self, method, path, document=None, headers=()):
        if document is None:
            return self.api.ask(method, path, headers=headers)
        return self.api.ask(method, path, json.dumps(document).encode(), [("Content-Type", "application/json"), *headers])


def without_aws(account):
    """The templates are expanded, and nothing else."""
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    account.types("deploy", "--dry-run", **nobody).says("functions.yaml: ", "every template can be expanded")
    account.types("deploy", status=1, **nobody).says("Unable to locate credentials", "aws configure")


def an_old_cli_is_told_first(account):
    """Not in the midst of a deployment, of which half is there then."""
    with tempfile.TemporaryDirectory(prefix="sluice-cli-") as folder:
        old = Path(folder, "aws")
        for version, too_old in [("2.9.19", True), ("1.31.13", True), ("1.32.0", False), ("2.15.0", False), ("3.0.0", False)]:
            # One that is new enough is asked who one is, and does not know.
            old.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "aws-cli/{version} Python/3.11.2 Linux/6.1"\n')
            old.chmod(0o755)
            for name in ("deploy", "destroy"):
                told = account.types(name, status=1, PATH=f"{folder}:{os.environ['PATH']}")
                told.says("2.15 is needed, or 1.32" if too_old else "ask AWS who you are")
    assert not account.buckets(), account.buckets()


def what_is_mistyped(account):
    for arguments, told in [
        (["--parameter", "x"], '"x" is no parameter: KEY=VALUE'), (["--arch", "arm"], "--arch is arm64 or x86_64"),
        (["--parameter", "ReuseData=True"], "this script's to say"), (["--parameter", "Nonsense=1"], "no parameter Nonsense, it has AccessLogRetentionDays "), (["--parametr"], 'what is "--parametr"?'),
        (["--parameter"], "--parameter wants a value"), (["--prefix", "1x"], 'the prefix "1x" is none'),
    ]:
        account.types("deploy", *arguments, status=2).says(told, "scripts/deploy --help")
    account.types("destroy", "--all", status=2).says('what is "--all"?')
    for name in ("deploy", "destroy"):
        account.types(name, "--help").says(f"Usage: scripts/{name}")
    account.deploys("--zips", "/nonexistent", status=1).says("no dispatcher.zip in /nonexistent")


def how_far_back_the_sweep_looks(_account):
    """Since the first of the stacks of that name was deleted, and fourteen days that a queue keeps a message; at most as far
    as claims live."""
    for today, deleted, days in (
        ("2026-03-01", "2026-02-28T10:00:00.000Z\n2026-02-27T09:00:00.000Z", "17"), ("2028-03-01", "2028-02-28T10:00:00+00:00", "17"),
        ("2027-01-01", "2026-12-31T23:59:59Z", "16"), ("2026-03-01", "2026-01-01T10:00:00Z", "30"), ("2026-03-01", "", "30"),
    ):
        told = subprocess.run(
            ["bash", "-c", SWEEP, "bash", str(REPOSITORY), today, deleted], check=True, capture_output=True, text=True)
        assert told.stdout == days, (today, deleted, told)


SWEEP = """set -euo pipefail
source "$1/scripts/lib/sweep.sh"
today=$2 times=$3 stack=x
date() { printf '%s' "$today"; }
json_text() { printf '"%s"' "$1"; }
aws_call() { reply=$times; }
stack_parameter() { reply=30; }
days_away
printf '%s' "$days"
"""


def the_key_of_what_failed_is_known(_account):
    """From stacks that are deleted, which AWS still knows, and ministack does not."""
    for answers, known in (
        (("False", "DELETE_COMPLETE\tarn:nested", "DELETE_SKIPPED\tkey-1"), "2026-01-31T16:17:38 key-1"),
        (("False", "DELETE_COMPLETE\tarn:nested", "DELETE_COMPLETE\tkey-1"), "2026-01-31T16:17:38 "),
        (("False", "CREATE_FAILED\tNone", ""), "2026-01-31T16:17:38 "),
        (("True", "DELETE_COMPLETE\tarn:nested", "DELETE_SKIPPED\tkey-1"), " "),
    ):
        told = subprocess.run(
            ["bash", "-c", FAILED, "bash", str(REPOSITORY), *answers], check=True, capture_output=True, text=True)
        assert told.stdout == known, (answers, told)


FAILED = """set -euo pipefail
source "$1/scripts/lib/take_up.sh"
stack=x reuse=$2 nested=$3 of_nested=$4
json_text() { printf '"%s"' "$1"; }
stack_is() { status=ROLLBACK_COMPLETE; }
stack_parameter() { reply=$reuse; }
aws_call() {
    case "$2 $4" in
        *'"Encryption"'*) reply=$nested ;;
        *'"StackName":"arn:nested","LogicalResourceId":"Key"'*) reply=$of_nested ;;
        describe-stacks*) reply=2026-01-31T16:17:38.250Z ;;
        *) return 1 ;;
    esac
}
look_for_failed_creation
printf '%s %s' "$failed_since" "$failed_key"
"""


def a_dry_run_of_nothing(account):
    account.deploys("--dry-run").says(f"bucket {CODE} would be made")
    assert not account.holds(), account.holds()


def logs_of_before_are_kept(account):
    """Nothing failed here, so whatever is in a bucket is somebody's."""
    account.makes_bucket(f"{ACCOUNT}-lake-access-logs", log=b"GET")
    account.deploys(status=1).says(f"Here, and something is in it: bucket {ACCOUNT}-lake-access-logs. Not here: ", "destroy --delete-data")
    account.types("destroy", "--delete-data", "--yes")
    assert not account.holds(), account.holds()


def what_fails_is_told(account):
    """In a nested stack: its reason comes to the top, and nothing stays behind that is in the way."""
    account.deploys("--parameter", "UserPoolId=eu-central-1_Nowhere1", status=1).says(
        "What failed:", "  Users: ", "pool eu-central-1_Nowhere1 does not exist", f"stack {STACK} is not deployed")
    account.is_rolled_back()


def what_fails_late_is_taken_back(account):
    """With buckets, ledger and users made already: none of them is kept or protected yet."""
    account.deploys("--parameter", "EnableDataEvents=True", status=1).says(
        "CREATE_COMPLETE Ledger", "  Observability", f"stack {STACK} is not deployed")
    account.is_rolled_back()
    left = account.holds()
    assert left["buckets"] == [CODE] and not left.keys() & {"tables", "pools", "databases", "keys"}, left


def what_is_left_empty_is_made_anew(account):
    """What CloudFormation could not take back: from a table that refuses to go to logs that came late."""
    account.leaves_behind()
    before = account.holds()
    account.deploys("--dry-run").says(f"table {LEDGER} is there, with nothing in it", "it would be deleted first",
                                      f"stack {STACK} is ROLLBACK_COMPLETE, from an earlier try: it would be deleted and made anew")
    assert account.holds() == before, (account.holds(), before)
    # What holds something, or has not the platform's tags, is told, and nothing is touched.
    item = {"pk": {"S": "document#1"}, "sk": {"S": "orders#g1"}}
    account.dynamodb.put_item(TableName=LEDGER, Item=item)
    account.glue.create_database(DatabaseInput={"Name": "lake_files"})
    account.deploys(status=1).says(
        f"Here, and something is in it: table {LEDGER}.", "Here, but without the platform's tags: Glue database lake_files.",
        f"Here, and empty: bucket {ACCOUNT}-lake-ingress", f"Not here: bucket {ACCOUNT}-lake, bucket {ACCOUNT}-lake-results", "has to be renamed")
    account.dynamodb.delete_item(TableName=LEDGER, Key=item)
    account.glue.delete_database(Name="lake_files")
    assert account.holds() == before


def everything_is_made(account):
    told = account.deploys()
    told.says("is ROLLBACK_COMPLETE, from an earlier try", "CREATE_COMPLETE Functions/Normalizer",
              *(f"{item} is deleted" for item in (f"bucket {ACCOUNT}-lake-ingress", f"table {LEDGER}", "Glue database lake")))
    endpoint = account.outputs()["Endpoint"]
    for text in (f"endpoint  {endpoint}", "scripts/user create ada", f"{endpoint}/table/orders/object", "scripts/smoke --user ada"):
        assert text in told.out, told
    states = {name: stack["StackStatus"] for name, stack in account.stacks().items()}
    # The ledger and the users a second time, with protection from deletion.
    updated = [name for name, state in states.items() if state == "UPDATE_COMPLETE"]
    assert sorted(name.removeprefix(STACK).split("-")[1:2] for name in updated) == [[], ["Ledger"], ["Users"]], states
    assert set(states.values()) == {"CREATE_COMPLETE", "UPDATE_COMPLETE"} and len(states) == 11, states
    assert account.is_protected()
    assert account.buckets() == BUCKETS | {CODE}, account.buckets()
    assert account.types("endpoint").out == f"{endpoint}\n"
    policy = json.loads(account.s3.get_bucket_policy(Bucket=CODE)["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, policy
    assert all(account.s3.get_public_access_block(Bucket=CODE)["PublicAccessBlockConfiguration"].values())


def a_document_becomes_a_row(account):
    return f"{account.posts('first'):.1f} s from post to row"


def the_smoke_test_passes(account):
    """Over the API, with the real Athena query."""
    told = account.types("smoke", "--endpoint", account.api.endpoint, "--timeout", str(ROWS_WITHIN_S))
    told.says("accepted as document", "normalized", "smoke__run", "its row:")


def again_changes_nothing(account):
    before = account.events(), account.configurations(), account.s3.list_objects_v2(Bucket=CODE)["Contents"]
    account.deploys().says(f"stack {STACK}: no changes")
    after = account.events(), account.configurations(), account.s3.list_objects_v2(Bucket=CODE)["Contents"]
    assert before == after, (before, after)


def a_dry_run_changes_nothing(account):
    def change_sets():
        return account.cloudformation.list_change_sets(StackName=STACK)["Summaries"]

    before = account.events(), account.configurations(), change_sets()
    account.deploys("--dry-run", "--parameter", "NormalizerMemoryMB=2048").says("Modify Functions (AWS::CloudFormation::Stack)")
    assert (account.events(), account.configurations(), change_sets()) == before


def a_parameter_changes_only_that(account):
    before, events = account.configurations(), account.events()
    account.deploys("--parameter", "NormalizerMemoryMB=2048").says("UPDATE_COMPLETE Functions/Normalizer")
    after = account.configurations()
    assert after[f"{PREFIX}-normalizer"]["MemorySize"] == 2048, after
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {f"{PREFIX}-normalizer"}, changed
    touched = {name for name, count in account.events().items() if count != events[name]}
    assert all(name == STACK or "Functions" in name for name in touched), touched
    # And stays when another is named.
    account.deploys("--parameter", "ApiRateLimit=500")
    assert account.configurations()[f"{PREFIX}-normalizer"]["MemorySize"] == 2048
    return f"{account.posts('second'):.1f} s from post to row"


def the_macro_answers(account):
    """With the stack of the macro, and its function asked as CloudFormation asks."""
    with tempfile.TemporaryDirectory(prefix="sluice-deploy-") as folder:
        tree = a_tree_without_the_macro(account, Path(folder))
        account.deploys("--expand", "macro", tree=tree).says(
            "CREATE_COMPLETE Permission", f"stack {MACROS} is CREATE_COMPLETE", f"stack {STACK} is UPDATE_COMPLETE")
        account.deploys("--expand", "macro", tree=tree).says(f"stack {MACROS}: no changes", f"stack {STACK}: no changes")
    name = f"{PREFIX}-macro"
    queue = {"Type": "Sluice::Queue", "Properties": {
        "Name": {"Fn::Sub": "${Prefix}-q"}, "ConsumerTimeoutSeconds": {"Ref": "Timeout"}, "AlarmTopic": {"Ref": "Topic"}}}
    event = {
        "accountId": ACCOUNT, "region": REGION, "transformId": f"{ACCOUNT}::Sluice", "requestId": "r-1", "params": {},
        "fragment": {"Parameters": {name: {"Type": "String"} for name in ("Prefix", "Topic", "Timeout")}, "Resources": {"Q": queue}},
        "templateParameterValues": {"Prefix": "p", "Topic": "arn:t", "Timeout": "10"}}

    def asked(event):
        return json.loads(account.functions.invoke(FunctionName=name, Payload=json.dumps(event))["Payload"].read())

    answer = asked(event)
    assert (answer["status"], answer["requestId"]) == ("success", "r-1"), answer
    made = answer["fragment"]["Resources"]
    assert made["Q"]["Type"] == "AWS::SQS::Queue" and made["Q"]["Properties"]["VisibilityTimeout"] == 60, made
    assert "QDead" in made, made
    queue["Properties"]["ConsumerTimeoutSeconds"] = "x"
    answer = asked(event)
    assert answer["status"] == "failure" and "Resource Q: Properties.ConsumerTimeoutSeconds" in answer["errorMessage"], answer


def a_tree_without_the_macro(account, folder):
    """The scripts and templates as they are, but for what ministack does not know: macros.yaml without its macro, and
    what that would have expanded expanded already."""
    shutil.copytree(REPOSITORY / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "cloudformation").mkdir()
    target = Path(account.environment.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    for template in (REPOSITORY / "cloudformation").glob("*.yaml"):
        text = template.read_text("utf-8")
        if template.name == "macros.yaml":
            text, cut = re.subn(r"(?ms)^  Macro:\n.*?(?=^  \w+:$)|^  MacroName:\n.*?(?=^  \w+:$)", "", text)
            assert cut == 2, text
        elif "\nTransform: Sluice\n" in text:
            text = subprocess.run([target / "debug" / "template", template], capture_output=True, text=True, check=True).stdout
        (folder / "cloudformation" / template.name).write_text(text, "utf-8")
    return folder


def destroy_looks_at_the_queues(account):
    """Nothing goes while messages wait, as here in the queues of what failed, or are in flight."""
    told = []
    for queue, group in ((f"{PREFIX}-announcements-dead", {}), (f"{PREFIX}-batches-dead.fifo", {"MessageGroupId": "t"})):
        account.sends(queue, **group)
        told.append(f"1 in {queue}")
        account.types("destroy", "--yes", status=1).says(*told, "--even-if-waiting")
    url = account.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    assert account.sqs.receive_message(QueueUrl=url)["Messages"]
    account.types("destroy", "--yes", status=1).says(*told, "scripts/redrive")
    account.types("destroy", "--even-if-waiting", status=1).says(*told, "no terminal to ask on")
    assert STACK in account.stacks()
    account.empties_queues()


def destroy_keeps_the_data(account):
    account.types("destroy", status=1).says("These stay", f"the bucket {ACCOUNT}-lake-ingress", "no terminal to ask on")
    account.types("destroy", "--delete-data", status=1).says("for good", "no terminal to ask on")
    assert STACK in account.stacks()
    account.types("destroy", "--yes").says("DELETE_COMPLETE Functions", "its data is kept")
    kept = account.holds()
    assert kept.pop("keys") and kept == {
        "buckets": sorted(BUCKETS), "tables": [LEDGER], "pools": [f"{PREFIX}-user_pool"], "databases": ["lake", "lake_files"]}, kept


def deploy_takes_it_up(account):
    # As CloudFormation would have it from an earlier deployment with these parameters.
    account.keeps(f"{ACCOUNT}-lake-ingress", ID="documents", Expiration={"Days": 400})
    account.keeps(f"{ACCOUNT}-lake", ID="leftovers", NoncurrentVersionExpiration={"NoncurrentDays": 50})
    [key], [pool] = account.holds()["keys"], account.pools()
    # Pools of others come first, more than a page of them.
    for number in range(130):
        account.cognito.create_user_pool(PoolName=f"another {number}")
    account.deploys("--parameter", "ResultRetentionDays=9").says(
        "the data of an earlier deployment is here", key, pool["Id"], "with DocumentRetentionDays=400", "with NoncurrentDays=50",
        # ministack forgets a stack that was deleted once there is another of its name.
        "scripts/redrive --sweep --days 1095")
    assert account.kept() == {"lake-ingress": ["documents 400", "leftovers 50"], "lake": ["inventories 14", "leftovers 50"],
                              "lake-results": ["results 9"], "lake-access-logs": ["leftovers 50", "logs 90"]}, account.kept()
    outputs = account.outputs()
    assert (outputs["KmsKeyArn"], outputs["UserPoolId"]) == (key, pool["Id"]), outputs
    seconds = account.posts("third")
    rows = lake.query(account.athena, 'SELECT item__text FROM "lake_files"."orders" ORDER BY 1')
    assert rows == [[text] for text in sorted(account.posted)], rows
    account.deploys().says(f"stack {STACK}: no changes")
    account.deploys("--parameter", "DocumentRetentionDays=0").says("keep documents for ever")
    assert account.kept()["lake-ingress"] == ["leftovers 50"], account.kept()
    for other in account.pools():
        if other["Name"].startswith("another "):
            account.cognito.delete_user_pool(UserPoolId=other["Id"])
    return f"{seconds:.1f} s from post to row"


def part_of_the_data_is_told(account):
    """What cannot be made and cannot be taken up."""
    account.sends(f"{PREFIX}-announcements-dead")
    account.types("destroy", "--yes", "--even-if-waiting").says(f"what waited (1 in {PREFIX}-announcements-dead) the sweep finds")
    account.glue.delete_database(Name="lake")
    account.deploys(status=1).says("some of the platform's data is here, some is not", "Not here: Glue database lake")
    account.glue.create_database(DatabaseInput={"Name": "lake"})
    account.deploys().says("the data of an earlier deployment is here")


def destroy_leaves_nothing(account):
    [key] = account.holds()["keys"]
    account.types("destroy", "--delete-data", "--yes").says("nothing is left but the key", f"cancel-key-deletion --key-id {key}")
    assert not account.holds(), account.holds()
    assert account.key_state(key) == "PendingDeletion"
    account.types("destroy", "--delete-data", "--yes")


STEPS = [without_aws, an_old_cli_is_told_first, what_is_mistyped, how_far_back_the_sweep_looks, the_key_of_what_failed_is_known, a_dry_run_of_nothing,
         logs_of_before_are_kept, what_fails_is_told, what_fails_late_is_taken_back, what_is_left_empty_is_made_anew,
         everything_is_made, a_document_becomes_a_row, the_smoke_test_passes, again_changes_nothing, a_dry_run_changes_nothing,
         a_parameter_changes_only_that, the_macro_answers, destroy_looks_at_the_queues, destroy_keeps_the_data,
         deploy_takes_it_up, part_of_the_data_is_told, destroy_leaves_nothing]


def main():
    arguments = argparse.ArgumentParser(prog="scripts/test-deploy", description=__doc__)
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    arguments.add_argument("--localstack", required=True, help="the Python that has it")
    arguments.add_argument("--zips", type=Path, default=target / "lambda" / "x86_64")
    chosen = arguments.parse_args()
    if not list(chosen.zips.glob("*.zip")):
        raise SystemExit(f"no zips in {chosen.zips}: run scripts/build-functions")
    with tempfile.TemporaryDirectory(prefix="sluice-deploy-") as folder, ministack(Path(folder), for_stacks=True) as emulator, \
            localstack(chosen.localstack, folder, s3=emulator.endpoint, dynamodb=emulator.endpoint) as gateway:
        api = Api(gateway.endpoint, import_api(gateway.endpoint, f"{ACCOUNT}-lake-ingress", LEDGER))
        account = Account(emulator, api, chosen.zips.resolve())
        for step in STEPS:
            started = time.monotonic()
            try:
                told = step(account)
            except Exception:  # noqa: BLE001 - whatever it is, the steps after it cannot be
                traceback.print_exc()
                print(emulator.log.read_text("utf-8", "replace")[-4000:])
                print(f"FAILED {step.__name__}")
                return 1
            print(f"ok     {step.__name__} ({time.monotonic() - started:.1f} s{f'; {told}' if told else ''})", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

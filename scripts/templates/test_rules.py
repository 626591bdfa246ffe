"""The rules of rules.py break where they should: `python -m unittest`."""

import copy
import unittest

from rules import check

ALARM = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible"}


def attribute(resource, name):
    return {"Fn::GetAtt": [resource, name]}


def alarm(queue):
    watched = [{"Name": "QueueName", "Value": attribute(queue, "QueueName")}]
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {**ALARM, "Dimensions": watched}}


def allow(action, resource, **more):
    return {"Effect": "Allow", "Sid": "S", "Action": action, "Resource": resource, **more}


def role(*statements):
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}]
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}


def good():
    """A root with a stack of queues and one of functions."""
    redrive = {"deadLetterTargetArn": attribute("JobsDead", "Arn"), "maxReceiveCount": 5}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 360, "RedrivePolicy": redrive}}
    queues = {
        "Resources": {
            "Jobs": queue,
            "JobsDead": {"Type": "AWS::SQS::Queue"},
            "Alarm": alarm("Jobs"),
            "DeadAlarm": alarm("JobsDead"),
        },
        "Outputs": {"JobsArn": {"Value": attribute("Jobs", "Arn")}},
    }
    source = {
        "EventSourceArn": {"Ref": "JobsArn"},
        "FunctionName": {"Ref": "Worker"},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    functions = {
        "Parameters": {"JobsArn": {}, "Timeout": {"Default": 900}},
        "Resources": {
            "Worker": {"Type": "AWS::Lambda::Function", "Properties": {"Timeout": {"Ref": "Timeout"}}},
            "Source": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": source},
            "Role": role(
                allow("s3:GetObject", [{"Fn::Sub": "${Bucket}/*"}]),
                {"Fn::If": ["Trace", allow(["xray:PutTraceSegments"], "*"), {"Ref": "AWS::NoValue"}]},
                {"Effect": "Deny", "Action": "*", "Resource": "*"},
            ),
        },
    }

    def nested(name, **parameters):
        url = {"Fn::Sub": "https://${Code}.s3.${AWS::URLSuffix}/templates/" + name + ".yaml"}
        properties = {"TemplateURL": url, "Parameters": parameters}
        return {"Type": "AWS::CloudFormation::Stack", "Properties": properties}

    arn = attribute("QueueStack", "Outputs.JobsArn")
    root = {
        "Resources": {
            "QueueStack": nested("queues"),
            "FunctionStack": nested("functions", JobsArn=arn, Timeout=60),
        }
    }
    return {"root": root, "queues": queues, "functions": functions}


class Rules(unittest.TestCase):
    def broken(self, change):
        templates = copy.deepcopy(good())
        change({name: template["Resources"] for name, template in templates.items()}, templates)
        return check(templates)

    def test_good(self):
        self.assertEqual(check(good()), [])

    def test_visibility_across_stacks(self):
        def longer(resources, _):
            resources["root"]["FunctionStack"]["Properties"]["Parameters"]["Timeout"] = {"Fn::If": ["A", 60, 61]}

        told = (
            "functions: Source: the visibility timeout of queues/Jobs is 360 s: at least 366 s, 6 times the "
            "timeout of the function and its window"
        )
        self.assertEqual(self.broken(longer), [told])

    def test_visibility_with_a_window(self):
        def gather(resources, templates):
            resources["functions"]["Source"]["Properties"]["MaximumBatchingWindowInSeconds"] = {"Ref": "Window"}
            templates["functions"]["Parameters"]["Window"] = {"Default": 0, "MaxValue": 300}

        told = (
            "functions: Source: the visibility timeout of queues/Jobs is 360 s: at least 660 s, 6 times the "
            "timeout of the function and its window"
        )
        self.assertEqual(self.broken(gather), [told])

    def test_what_cannot_be_followed(self):
        def cut(resources, _):
            del resources["root"]["FunctionStack"]["Properties"]["Parameters"]["JobsArn"]

        self.assertEqual(
            self.broken(cut),
            [
                "root: FunctionStack: functions asks for JobsArn, which is not given",
                "functions: Source: the queue that it reads cannot be told",
            ],
        )

    def test_nested_stacks(self):
        def misfit(resources, templates):
            given = resources["root"]["FunctionStack"]["Properties"]["Parameters"]
            given["Timeout"] = {"Ref": "Seconds"}
            given["Extra"] = {"Fn::Sub": "${QueueStack.Outputs.JobsUrl}"}
            templates["root"]["Parameters"] = {"Seconds": {"Default": 60}}
            lonely = copy.deepcopy(resources["root"]["QueueStack"])
            lonely["Properties"]["TemplateURL"] = "https://example.com/other.yaml"
            resources["root"]["Other"] = lonely

        self.assertEqual(
            self.broken(misfit),
            [
                "root: FunctionStack: functions has no parameter Extra",
                "root: FunctionStack: Default of Timeout is 60 here, 900 in functions",
                "root: Other: its template is not among those that are looked at",
                "root: queues has no output JobsUrl, which is asked of QueueStack",
            ],
        )

    def test_queues(self):
        def harm(resources, _):
            resources["queues"]["Jobs"]["Properties"]["RedrivePolicy"]["maxReceiveCount"] = 4
            del resources["queues"]["DeadAlarm"], resources["queues"]["Alarm"]
            resources["queues"]["Lonely"] = {"Type": "AWS::SQS::Queue"}
            resources["functions"]["Source"]["Properties"]["FunctionResponseTypes"] = []

        self.assertEqual(
            self.broken(harm),
            [
                "queues: Jobs: maxReceiveCount is 4: at least 5",
                "queues: Jobs: no alarm looks at it",
                "queues: JobsDead: no alarm looks at it (ApproximateNumberOfMessagesVisible)",
                "queues: Lonely: it has no dead-letter queue",
                "queues: Lonely: no alarm looks at it",
                "functions: Source: FunctionResponseTypes must have ReportBatchItemFailures",
            ],
        )

    def test_policies(self):
        def widen(resources, _):
            resources["functions"]["Role"] = role(
                allow("s3:*", "arn:aws:s3:::b"),
                {"Fn::If": ["A", allow("s3:GetObject", ["*"]), {"Ref": "AWS::NoValue"}]},
                allow(["xray:PutTraceSegments", "s3:GetObject"], "*"),
                {"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "arn:aws:s3:::b"},
            )

        self.assertEqual(
            self.broken(widen),
            [
                "functions: Role: statement S allows s3:*: name the actions",
                "functions: Role: statement S allows s3:GetObject on all resources: name them",
                "functions: Role: statement S allows xray:PutTraceSegments, s3:GetObject on all resources: name them",
                "functions: Role: statement allows by NotAction, which allows what nobody thought of",
            ],
        )

    def test_keys_and_data(self):
        def key(resources, _):
            account = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
            service = {"Service": "logs.amazonaws.com"}
            policy = [allow("kms:*", "*", Principal=account), allow("kms:Decrypt", "*", Principal=service)]
            policy.append(allow("kms:*", "*", Principal=service))
            properties = {"KeyPolicy": {"Statement": policy}}
            resources["root"]["Key"] = {"Type": "AWS::KMS::Key", "Properties": properties, "DeletionPolicy": "Retain"}

        self.assertEqual(
            self.broken(key),
            [
                "root: Key: statement S allows kms:*: name the actions",
                "root: Key: it holds data and has no UpdateReplacePolicy",
                "root: Key: with Retain, a creation that fails leaves it in the way of the next: RetainExceptOnCreate",
            ],
        )

    def test_the_macro_is_gone(self):
        def keep(resources, templates):
            templates["root"]["Transform"] = ["Sluice"]
            resources["root"]["Queue"] = {"Type": "Sluice::Queue"}

        told = ["root: Transform: it is not expanded", "root: Queue: it is not expanded"]
        self.assertEqual(self.broken(keep), told)


if __name__ == "__main__":
    unittest.main()

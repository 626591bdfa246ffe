"""The rules of Sluice's templates beyond what linters know, over the plain (expanded) templates of a folder.

    python -m rules FOLDER...    one template a file, NAME.json; nested stacks are found by the file's name in TemplateURL

Each rule holds across stacks: a value that a parameter brings is followed to the stack that passes it. What
cannot be followed is told too, since a rule that cannot be checked is not kept.
"""

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

VISIBILITY_PER_TIMEOUT = 6
MAX_RECEIVES_MIN = 5

# Actions for which AWS knows no resource, so that only "*" can be said:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
WITHOUT_RESOURCE = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}

# What holds data says what becomes of it when its stack or itself goes.
HOLDS_DATA = {
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
}


# What a parameter may be: where a parent hands on its own of the same name, both say the same, or what the one takes
# the other refuses, minutes later.
BOUNDS = ("Type", "Default", "AllowedValues", "AllowedPattern", "MinValue", "MaxValue", "MinLength", "MaxLength")


@dataclass
class Stack:
    """A template, and the resource of the parent that makes a nested stack of it."""

    name: str
    template: dict
    parent: "Stack | None" = None
    nested_as: str = ""
    children: dict = field(default_factory=dict)

    def resources(self, kind):
        found = self.template.get("Resources", {}).items()
        return [(name, made) for name, made in found if made.get("Type") == kind]


def call(value, function):
    """The argument, if the value calls this intrinsic function."""
    if isinstance(value, dict) and len(value) == 1:
        return value.get(function)
    return None


def nest(stacks):
    """Links nested stacks to their parents."""
    for stack in stacks.values():
        for name, made in stack.resources("AWS::CloudFormation::Stack"):
            url = json.dumps(made.get("Properties", {}).get("TemplateURL"))
            for file in re.findall(r"([A-Za-z0-9_-]+)\.(?:ya?ml|json)\b", url):
                child = stacks.get(file)
                if child is not None and child is not stack:
                    stack.children[name] = child
                    child.parent, child.nested_as = stack, name


def follow(stack, value, bound="Default"):
    """Where a value comes from: a list of (stack, value), one for each branch of a condition. For a parameter that is
    given from outside stands its default, or its other `bound` where it has that.
    """
    branches = call(value, "Fn::If")
    if branches is not None:
        return follow(stack, branches[1], bound) + follow(stack, branches[2], bound)
    target = call(value, "Ref")
    parameter = stack.template.get("Parameters", {}).get(target) if isinstance(target, str) else None
    if parameter is not None:
        if stack.parent is not None:
            nested = stack.parent.template["Resources"][stack.nested_as]
            given = nested.get("Properties", {}).get("Parameters", {})
            if target in given:
                return follow(stack.parent, given[target], bound)
        return [(stack, parameter.get(bound, parameter.get("Default", value)))]
    target = call(value, "Fn::GetAtt")
    if isinstance(target, list) and target[0] in stack.children and target[1].startswith("Outputs."):
        child = stack.children[target[0]]
        output = child.template.get("Outputs", {}).get(target[1].removeprefix("Outputs."))
        if output is not None:
            return follow(child, output["Value"], bound)
    return [(stack, value)]


def resource_of(stack, value, attribute="Arn"):
    """Every (stack, id, resource) whose attribute a value can be; None where that cannot be told."""
    found = []
    for where, origin in follow(stack, value):
        target = call(origin, "Fn::GetAtt")
        if not isinstance(target, list) or target[1:] != [attribute]:
            return None
        made = where.template.get("Resources", {}).get(target[0])
        if made is None:
            return None
        found.append((where, target[0], made))
    return found


def numbers(stack, value, bound="Default"):
    """Every number that a value can be; None where that cannot be told."""
    found = []
    for _, origin in follow(stack, value, bound):
        try:
            found.append(int(origin))
        except (TypeError, ValueError):
            return None
    return found


def alarmed(stack, queue, metric=None):
    """Whether an alarm looks at a queue."""
    for _, alarm in stack.resources("AWS::CloudWatch::Alarm"):
        properties = alarm.get("Properties", {})
        if properties.get("Namespace") != "AWS/SQS" or metric not in (None, properties.get("MetricName")):
            continue
        for dimension in properties.get("Dimensions", []):
            if call(dimension.get("Value"), "Fn::GetAtt") == [queue, "QueueName"]:
                return True
    return False


def queues(stack):
    """Every queue has a dead-letter queue or is one, dies late, and rings."""
    all_queues = dict(stack.resources("AWS::SQS::Queue"))
    dead = set()
    for name, queue in all_queues.items():
        redrive = queue.get("Properties", {}).get("RedrivePolicy")
        if redrive is None:
            continue
        target = call(redrive.get("deadLetterTargetArn"), "Fn::GetAtt")
        if not isinstance(target, list) or target[0] not in all_queues:
            yield f"{name}: its dead-letter queue is no queue of the template"
        else:
            dead.add(target[0])
        receives = numbers(stack, redrive.get("maxReceiveCount"))
        if receives is None or min(receives) < MAX_RECEIVES_MIN:
            yield f"{name}: maxReceiveCount is {redrive.get('maxReceiveCount')}: at least {MAX_RECEIVES_MIN}"
    for name, queue in all_queues.items():
        if "RedrivePolicy" not in queue.get("Properties", {}) and name not in dead:
            yield f"{name}: it has no dead-letter queue"
        metric = "ApproximateNumberOfMessagesVisible" if name in dead else None
        if not alarmed(stack, name, metric):
            yield f"{name}: no alarm looks at it" + (f" ({metric})" if metric else "")


def sources(stack):
    """A message stays invisible for six times as long as its consumer may take
    (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html), and before that while Lambda, which has
    received it already, gathers the rest of the batch.
    """
    for name, source in stack.resources("AWS::Lambda::EventSourceMapping"):
        properties = source.get("Properties", {})
        if "ReportBatchItemFailures" not in properties.get("FunctionResponseTypes", []):
            yield f"{name}: FunctionResponseTypes must have ReportBatchItemFailures"
        function = stack.template["Resources"].get(call(properties.get("FunctionName"), "Ref"), {})
        timeouts = numbers(stack, function.get("Properties", {}).get("Timeout"))
        if timeouts is None:
            yield f"{name}: the timeout of its function cannot be told"
            continue
        windows = numbers(stack, properties.get("MaximumBatchingWindowInSeconds", 0), "MaxValue")
        if windows is None:
            yield f"{name}: its window cannot be told"
            continue
        found = resource_of(stack, properties.get("EventSourceArn"))
        if found is None:
            yield f"{name}: the queue that it reads cannot be told"
            continue
        for where, queue_name, queue in found:
            if queue.get("Type") != "AWS::SQS::Queue":
                continue
            visibility = numbers(where, queue.get("Properties", {}).get("VisibilityTimeout", 30))
            needed = VISIBILITY_PER_TIMEOUT * max(timeouts) + max(windows)
            if visibility is None or min(visibility) < needed:
                shown = "unknown" if visibility is None else f"{min(visibility)} s"
                yield (
                    f"{name}: the visibility timeout of {where.name}/{queue_name} is {shown}: at least "
                    f"{needed} s, {VISIBILITY_PER_TIMEOUT} times the timeout of the function and its window"
                )


def statements(value):
    """All statements of policies within a value."""
    if isinstance(value, dict):
        if value.get("Effect") in ("Allow", "Deny"):
            yield value
            return
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from statements(element)


def texts(value):
    """All texts that a value can be, as far as they are written."""
    if isinstance(value, str):
        return [value]
    branches = call(value, "Fn::If")
    if branches is not None:
        return texts(branches[1]) + texts(branches[2])
    if isinstance(value, list):
        return [text for element in value for text in texts(element)]
    substitution = call(value, "Fn::Sub")
    if substitution is not None:
        return [substitution if isinstance(substitution, str) else substitution[0]]
    return []


def policies(stack):
    """What is allowed names actions and resources. Denials may be as wide as they like."""
    for name, made in stack.template.get("Resources", {}).items():
        # A key's policy is about the key, which it calls "*"; and IAM decides only if the policy lets the
        # account do everything: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
        of_key = made.get("Type") == "AWS::KMS::Key"
        for statement in statements(made.get("Properties", {})):
            if statement["Effect"] == "Deny":
                continue
            told = f"{name}: statement {statement.get('Sid', '')}".rstrip()
            for wide in ("NotAction", "NotResource", "NotPrincipal"):
                if wide in statement:
                    yield f"{told} allows by {wide}, which allows what nobody thought of"
            actions = texts(statement.get("Action", []))
            of_root = ":root" in json.dumps(statement.get("Principal", {}))
            for action in actions:
                if "*" in action and not (of_key and (of_root or action != "kms:*")):
                    yield f"{told} allows {action}: name the actions"
            if "*" in texts(statement.get("Resource", [])) and not of_key:
                if not set(actions) <= WITHOUT_RESOURCE:
                    yield f"{told} allows {', '.join(actions)} on all resources: name them"


def data(stack):
    """What holds data says what becomes of it."""
    for name, made in stack.template.get("Resources", {}).items():
        if made.get("Type") in HOLDS_DATA:
            for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
                if attribute not in made:
                    yield f"{name}: it holds data and has no {attribute}"
            if made.get("DeletionPolicy") == "Retain":
                yield f"{name}: with Retain, a creation that fails leaves it in the way of the next: RetainExceptOnCreate"


def outputs_used(value):
    """All (nested stack, output) within a value."""
    if isinstance(value, dict):
        target = call(value, "Fn::GetAtt")
        if isinstance(target, list) and str(target[1]).startswith("Outputs."):
            yield target[0], target[1].removeprefix("Outputs.")
        substitution = call(value, "Fn::Sub")
        for text in texts(value) if substitution is not None else []:
            yield from re.findall(r"\$\{(\w+)\.Outputs\.(\w+)\}", text)
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from outputs_used(element)


def nested(stack):
    """A nested stack is given what it asks for, and has what it is asked for: linters look at one template."""
    for name, made in stack.resources("AWS::CloudFormation::Stack"):
        child = stack.children.get(name)
        if child is None:
            yield f"{name}: its template is not among those that are looked at"
            continue
        asked = child.template.get("Parameters", {})
        given = made.get("Properties", {}).get("Parameters", {})
        for parameter in sorted(asked.keys() - given.keys()):
            if "Default" not in asked[parameter]:
                yield f"{name}: {child.name} asks for {parameter}, which is not given"
        for parameter in sorted(given.keys() - asked.keys()):
            yield f"{name}: {child.name} has no parameter {parameter}"
        for parameter in sorted(given.keys() & asked.keys()):
            own = stack.template.get("Parameters", {}).get(call(given[parameter], "Ref"))
            for bound in BOUNDS if own is not None else ():
                here, there = own.get(bound), asked[parameter].get(bound)
                # Without a default here a value is always given.
                if there is not None and here != there and not (bound == "Default" and here is None):
                    yield f"{name}: {bound} of {parameter} is {here} here, {there} in {child.name}"
    for name, output in sorted(set(outputs_used(stack.template))):
        child = stack.children.get(name)
        if child is not None and output not in child.template.get("Outputs", {}):
            yield f"{child.name} has no output {output}, which is asked of {name}"


def plain(stack):
    """Nothing is left of the macro."""
    if "Sluice" in json.dumps(stack.template.get("Transform", "")):
        yield "Transform: it is not expanded"
    for name, made in stack.template.get("Resources", {}).items():
        if made.get("Type", "").startswith("Sluice::"):
            yield f"{name}: it is not expanded"


RULES = [plain, nested, queues, sources, policies, data]


def check(templates):
    """Everything that breaks a rule, in templates by name."""
    stacks = {name: Stack(name, template) for name, template in templates.items()}
    nest(stacks)
    return [f"{name}: {told}" for name, stack in stacks.items() for rule in RULES for told in rule(stack)]


def main(folders):
    broken, counted = [], 0
    for folder in folders:
        files = sorted(Path(folder).glob("*.json"))
        counted += len(files)
        broken += check({file.stem: json.loads(file.read_text()) for file in files})
    for told in broken:
        print(told, file=sys.stderr)
    print(f"{counted} templates, {len(RULES)} rules, {len(broken)} breaks")
    return 1 if broken or not counted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

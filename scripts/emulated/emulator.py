"""An emulator of AWS on this machine, for the tests of scripts and templates; and its clients.

Runs with the Python that scripts/aws-emulators prints.
"""

import contextlib
import os
import re
import tempfile
import time
import warnings
from pathlib import Path

import boto3
import servers

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
ACCOUNT = {"moto": "123456789012", "ministack": "000000000000"}
DONE_WITHIN_S = 120
warnings.filterwarnings("ignore", message="Unverified HTTPS request")


class Emulator:
    """A running moto or ministack; ends with the `with` block, and with this program whatever ends it."""

    def __init__(self, kind, tls=False, **settings):
        """`tls`: ministack over HTTPS, with a certificate that it signs itself."""
        self.kind = kind
        self.account = ACCOUNT[kind]
        self._ends = contextlib.ExitStack()
        folder = Path(self._ends.enter_context(tempfile.TemporaryDirectory()))
        server = servers.moto(folder / "log") if kind == "moto" else servers.ministack(
            folder / "log", folder, region=REGION, scheme="https" if tls else "http", **settings)
        self.endpoint = self._ends.enter_context(server).endpoint

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ends.close()

    def client(self, service, access_key=None, secret="test"):
        """`access_key`: twelve digits are an account of that number, at ministack."""
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=REGION, verify=False,
            aws_access_key_id=access_key or "test", aws_secret_access_key=secret)

    def environment(self):
        """What the AWS CLI reads to find this emulator."""
        return CREDENTIALS | {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    def create_stack(self, name, template, account=None, **parameters):
        """Creates a stack of a template in cloudformation/ and answers its outputs."""
        client = self.client("cloudformation", account)
        client.create_stack(
            StackName=name, TemplateBody=(ROOT / "cloudformation" / template).read_text(),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()])
        deadline = time.monotonic() + DONE_WITHIN_S
        while (stack := client.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"] == "CREATE_IN_PROGRESS":
            check(time.monotonic() < deadline, f"stack {name} is not done", stack)
            time.sleep(0.05)
        events = [e.get("ResourceStatusReason") for e in client.describe_stack_events(StackName=name)["StackEvents"]]
        check(stack["StackStatus"] == "CREATE_COMPLETE", f"stack {name} of {template}", parameters, stack, events)
        return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}


CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
}


def check(condition, *told):
    if not condition:
        raise AssertionError("\n".join(str(what) for what in told))


def matches(pattern, text):
    check(re.search(pattern, text), f"nothing like {pattern!r} in:", text)


def run(tests):
    """Runs the functions, each as it stands, and says which failed."""
    import traceback
    failed = 0
    for test in tests:
        started = time.monotonic()
        try:
            test()
        except Exception:  # noqa: BLE001 - whatever it is, the others still run
            failed += 1
            traceback.print_exc()
            print(f"FAILED {test.__name__}", flush=True)
        else:
            print(f"ok     {test.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{len(tests) - failed} of {len(tests)} passed", flush=True)
    return 1 if failed else 0

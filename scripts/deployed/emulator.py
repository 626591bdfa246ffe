"""ministack on a loopback port of its own, ended with whatever started it."""

import contextlib
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

from deployed.waiting import until

REPOSITORY = Path(__file__).resolve().parents[2]
# Ends the server and all functions that it runs when this program ends, however it ends.
GUARD = REPOSITORY / "lake-functions/aws/tests/aws/harness/guard.py"
REGION = "eu-central-1"
ACCOUNT = "000000000000"
SECRET = "testing"
READY_WITHIN_S = 120
STARTS_MAX = 3


@dataclass(frozen=True, slots=True)
class Ministack:
    """A running server. `guard_pid`: all its processes descend from it."""

    port: int
    guard_pid: int
    log: Path

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def client(self, service):
        """A boto3 client of the server."""
        config = Config(s3={"addressing_style": "path"}, max_pool_connections=32, retries={"max_attempts": 3},
                        read_timeout=120)
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, config=config,
                            aws_access_key_id=ACCOUNT, aws_secret_access_key=SECRET)


@contextlib.contextmanager
def ministack(folder, *, for_stacks=False):
    """Starts the server. `folder`: an empty one for its log and its temporary files. `for_stacks`: mended for them
    (`mended`), and it tells functions where it is, whatever their own environment says; else that has to say it."""
    log = Path(folder, "ministack.log")
    for _ in range(STARTS_MAX):
        port = _free_port()
        guard = _start(port, folder, log, for_stacks)
        try:
            if _ready(guard, port, log):
                yield Ministack(port, guard.pid, log)
                return
        finally:
            # Closes its standard input, which is what ends it.
            guard.stdin.close()
            guard.wait()
    raise SystemExit(f"ministack did not start in {STARTS_MAX} tries: {log}")


def _start(port, folder, log, for_stacks):
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_"))}
    own.update(BIND_HOST="127.0.0.1", GATEWAY_PORT=str(port), IOT_MTLS_ENABLED="0", SFTP_ENABLED="0",
               LAMBDA_EXECUTOR="local", MINISTACK_REGION=REGION, TMPDIR=str(folder))
    if for_stacks:
        own["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    module = "deployed.mended" if for_stacks else "ministack"
    with open(log, "ab") as output:
        return subprocess.Popen([sys.executable, str(GUARD), sys.executable, "-m", module], env=own,
                                stdin=subprocess.PIPE, stdout=output, stderr=output)


def _ready(guard, port, log):
    """False when another process has taken the port meanwhile."""
    def answers():
        if guard.poll() is not None:
            return "ended"
        with contextlib.suppress(urllib.error.URLError, OSError):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=5) as answer:
                return "ready" if answer.status == 200 else None
        return None

    if until(f"ministack answers: {log}", answers, READY_WITHIN_S) == "ready":
        return True
    told = log.read_text("utf-8", "replace")
    if "in use" not in told:
        raise SystemExit(f"ministack ended:\n{told[-4000:]}")
    return False


def _free_port():
    """A port that is free now, chosen by the kernel."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]

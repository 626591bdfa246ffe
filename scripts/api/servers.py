"""LocalStack and moto on ports of the kernel's choosing, ended by who started them."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 20
STARTS_MAX = 3


class PortTaken(Exception):
    pass


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@contextlib.contextmanager
def moto(python):
    """The endpoint of a running moto."""
    with started(lambda port: ([python, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)], {}),
                 "/moto-api/") as endpoint:
        yield endpoint


@contextlib.contextmanager
def localstack(folder, dynamodb):
    """The endpoint of a running LocalStack whose API Gateway finds DynamoDB at `dynamodb`."""
    settings = {
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": str(Path(folder, "localstack")),
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "EAGER_SERVICE_LOADING": "0",
        "DYNAMODB_ENDPOINT": dynamodb,
        # The request's time is the machine's there, and UTC on AWS.
        "TZ": "UTC",
        "XDG_CACHE_HOME": str(Path(folder, "cache")),
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    with started(lambda port: ([sys.executable, "-m", "api.stand_ins"],
                               {**settings, "GATEWAY_LISTEN": f"127.0.0.1:{port}"}),
                 "/_localstack/health") as endpoint:
        yield endpoint


@contextlib.contextmanager
def started(command, ready):
    for attempt in range(STARTS_MAX):
        port = free_port()
        arguments, settings = command(port)
        process = subprocess.Popen(arguments, env={**os.environ, **settings}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        log = Drain(process.stdout)
        try:
            endpoint = f"http://127.0.0.1:{port}"
            try:
                wait_until_ready(process, endpoint + ready, log)
            except PortTaken:
                if attempt + 1 == STARTS_MAX:
                    raise
                continue
            yield endpoint
            return
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(process, url, log):
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                raise PortTaken(f"{process.args} ended:\n{log.text()}") from None
            if time.monotonic() > deadline:
                raise SystemExit(f"{process.args} does not start:\n{log.text()}") from None
            time.sleep(0.1)


class Drain:
    """Keeps the end of what a process says, so that it never waits for a reader."""

    BYTES_MAX = 20_000

    def __init__(self, stream):
        import threading

        self._text = b""
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        while piece := stream.read1(65_536):
            self._text = (self._text + piece)[-self.BYTES_MAX:]

    def text(self):
        self._thread.join(1)
        return self._text.decode(errors="replace")
